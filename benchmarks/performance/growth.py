"""Whether training slows down: with time, with likes, with photos."""

import gc
import shutil
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.common.generated import outfit_data, with_noise
from benchmarks.common.report import Section
from benchmarks.performance.harness import forget_peak, peak_mib, resident_mib
from fndrec import FNDTeacher, OutfitData

STEPS = 2000
TENTHS = 10
# The shape of iFashion.
SHAPE: dict[str, Any] = {"items": 42_000, "users": 54_000, "slots": 4}
LIKES = (10_000, 100_000, 1_000_000)
LIKES_BATCH = 1024
ROUNDS = 5
PHOTOS = 200_000
PHOTO_SIZE = 128
PHOTO_STEPS = 450
MODEL: dict[str, Any] = {"dim": 16, "num_blocks": 1}


class Steps(keras.callbacks.Callback):
    """Seconds and memory after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.memory: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.times.append(time.perf_counter())
        self.memory.append(resident_mib())

    def seconds(self) -> np.ndarray:
        """Of each step but the first."""
        return np.diff(self.times)


def run(folder: Path, quick: bool) -> tuple[list[Section], dict[str, Any]]:
    """Trains long, on many likes, and on many photos.

    Args:
        folder: Where photos are kept.
        quick: Whether to do little.

    Returns:
        Tables, and what is in them as data.
    """
    long = _long(folder, 200 if quick else STEPS)
    many = _likes(LIKES[:2], 1) if quick else _likes(LIKES, ROUNDS)
    photos = _photos(folder, quick)
    return (
        [_long_section(long), _likes_section(many), _photos_section(photos)],
        {"long": long, "likes": many, "photos": photos},
    )


def _fit(data: OutfitData, batch: int, steps: int, **made: Any) -> Steps:
    keras.utils.set_random_seed(0)
    model = FNDTeacher.from_data(data, **{**MODEL, **made})
    model.compile(keras.optimizers.Adam(1e-3))
    seen = Steps()
    batches = data.batches("train", batch, negatives=1).repeat().take(steps)
    model.fit(batches, epochs=1, callbacks=[seen], verbose=0)
    return seen


def _long(folder: Path, steps: int) -> dict[str, Any]:
    data = with_noise(outfit_data(items=4000, likes=2000), folder, 32)
    seen = _fit(data, 32, steps, width=0.1)
    seconds = seen.seconds()
    parts = np.array_split(seconds, TENTHS)
    memory = [part[-1] for part in np.array_split(seen.memory, TENTHS)]
    return {
        "steps": steps,
        "median_ms": [1e3 * float(np.median(part)) for part in parts],
        "memory_mib": [float(value) for value in memory],
    }


def _long_section(found: dict[str, Any]) -> Section:
    times, memory = found["median_ms"], found["memory_mib"]
    rows = [
        [f"{i + 1}", f"{t:.1f}", f"{t / times[0]:.3f}", f"{m:.0f}"]
        for i, (t, m) in enumerate(zip(times, memory, strict=True))
    ]
    return Section(
        "A long run",
        f"Steps of a teacher of photos, {found['steps']:,} in all, by tenths: "
        "the median of each, over that of the first, and the memory at its "
        "end.",
        ["tenth", "ms", "over the first", "MiB"],
        rows,
    )


def _likes(sizes: tuple[int, ...], rounds: int) -> list[dict[str, Any]]:
    seconds: dict[int, list[np.ndarray]] = {size: [] for size in sizes}
    found: dict[int, dict[str, Any]] = {}
    # By turns, as the machine's other work changes within a minute.
    for likes in sizes * rounds:
        data = outfit_data(likes=likes, seed=1, **SHAPE)
        tables = sum(
            table.nbytes
            for table in (
                data.outfit_items,
                data.likes("train").user,
                data.likes("train").outfit,
            )
        )
        before = resident_mib()
        seen = _fit(data, LIKES_BATCH, 60, use_id=True)
        seconds[likes].append(seen.seconds()[10:])
        found.setdefault(
            likes,
            {
                "likes": likes,
                "tables_mib": tables / 2**20,
                "training_mib": seen.memory[-1] - before,
            },
        )
        del data, seen
        gc.collect()
    for likes, one in found.items():
        median = float(np.median(np.concatenate(seconds[likes])))
        one["likes_per_second"] = LIKES_BATCH / median
    return list(found.values())


def _likes_section(found: list[dict[str, Any]]) -> Section:
    first = found[0]["likes_per_second"]
    rows = [
        [
            f"{one['likes']:,}",
            f"{one['likes_per_second']:,.0f}",
            f"{one['likes_per_second'] / first:.2f}",
            f"{one['tables_mib']:.0f}",
            f"{one['training_mib']:.0f}",
        ]
        for one in found
    ]
    return Section(
        "More likes",
        f"Ids alone, {SHAPE['users']:,} users, {SHAPE['items']:,} items, "
        f"steps of {LIKES_BATCH:,} likes: likes a second, over the first row; "
        "bytes of the tables of likes and outfits; what training held more "
        "than the data.",
        ["likes", "likes/s", "over the first", "tables, MiB", "more, MiB"],
        rows,
    )


def _photos(folder: Path, quick: bool) -> dict[str, Any]:
    """Trains on photos that do not fit into the memory that is allowed."""
    number = 5000 if quick else PHOTOS
    steps = 30 if quick else PHOTO_STEPS
    place = folder / "many"
    try:
        data = with_noise(
            outfit_data(items=number, likes=100_000), place, PHOTO_SIZE
        )
        size = number * PHOTO_SIZE**2 * 3
        forget_peak()  # of making the photos
        before = peak_mib()
        _fit(data, 64, steps, width=0.02)
        distinct = 64 * 3 * steps  # at most; a negative brings some more
        return {
            "photos": number,
            "size": PHOTO_SIZE,
            "store_mib": size / 2**20,
            "steps": steps,
            "read_mib": distinct * size / number / 2**20,
            "before_mib": before,
            "most_mib": peak_mib(),
        }
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _photos_section(found: dict[str, Any]) -> Section:
    return Section(
        "More photos",
        "Most memory of the process, mapped files included, while a "
        "teacher learns from photos in one file.",
        ["photos", "file, MiB", "read, MiB", "before, MiB", "at most, MiB"],
        [
            [
                f"{found['photos']:,} of {found['size']} px",
                f"{found['store_mib']:,.0f}",
                f"{found['read_mib']:,.0f}",
                f"{found['before_mib']:,.0f}",
                f"{found['most_mib']:,.0f}",
            ]
        ],
    )
