"""Whole catalogues: actors against one process and the bare tower.

    python -m benchmarks.catalogue --out benchmarks/results

All ways of it in turns, so that each meets the same noise. Each is a process
of its own with one thread for TensorFlow; what it takes to start and to load
the model is left out: the clock runs from the first parts done to the last.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

import fndrec
from benchmarks.common.report import Section, markdown, write_json
from fndrec.files import atomic_write

IMAGE_SIZE = 64
PHOTO_SIZE = 128
BATCH = 64
DISTINCT = 1024
WAYS = {
    "bare tower, photos in memory": "bare",
    "one process, no Ray": "0",
    "one actor": "1",
    "two actors": "2",
}


def main() -> None:
    """Measures, and writes `catalogue.json` and `catalogue.md`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("study"))
    parser.add_argument("--photos", type=int, default=24_576)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare:
        print(bare(args.photos))
        return
    with tempfile.TemporaryDirectory() as folder:
        sections, found = measure(Path(folder), args.photos, args.rounds)
    write_json(
        args.out / "catalogue.json",
        {
            "photos": args.photos,
            "rounds": found,
            "load_average": os.getloadavg(),
            "sections": [vars(section) for section in sections],
        },
    )
    page = markdown("Whole catalogues", sections)
    atomic_write(args.out / "catalogue.md", page)
    print(page)


def measure(
    folder: Path, photos: int, rounds: int
) -> tuple[list[Section], dict[str, list[float]]]:
    """Photos a second of each way in each round."""
    prepare(folder, photos)
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    for at in range(rounds):
        for place in range(len(WAYS)):
            # Turned, so that none is always the one after the largest.
            way = list(WAYS)[(place + at) % len(WAYS)]
            rate = once(folder, WAYS[way], photos)
            rates[way].append(rate)
            print(f"round {at}: {way}: {rate:.0f} photos/s", flush=True)
    one = np.array(rates["one actor"])
    tower = np.array(rates["bare tower, photos in memory"])

    def row(way: str, values: np.ndarray) -> list[str]:
        return [
            way,
            f"{np.median(values):.0f}",
            f"{np.median(values / one):.2f}",
            ", ".join(f"{ratio:.2f}" for ratio in values / one),
            f"{np.median(values / tower):.2f}",
        ]

    header = (
        "",
        "median",
        "times one actor",
        "round by round",
        "times the tower",
    )
    return [
        Section(
            "Photos embedded in a second",
            f"{photos:,} photos, the default student, {rounds} rounds.",
            header,
            [row(way, np.array(values)) for way, values in rates.items()],
        )
    ], rates


def prepare(folder: Path, photos: int, teacher: bool = False) -> None:
    """A catalogue of photos, each a file of its own, and an export.

    Args:
        folder: Where they go.
        photos: How many.
        teacher: Whether the default teacher is exported, not the student.
    """
    rng = np.random.default_rng(0)
    # Each file is that of several items, else writing them takes longest.
    names = [f"{row % DISTINCT}.jpg" for row in range(photos)]
    for name in names[:DISTINCT]:
        coarse = rng.integers(0, 256, (1, 8, 8, 3)).astype("float32")
        photo = tf.image.resize(coarse, (PHOTO_SIZE, PHOTO_SIZE))[0]
        contents = tf.io.encode_jpeg(tf.cast(photo, tf.uint8))
        (folder / name).write_bytes(contents.numpy())
    ids = [f"i{row}" for row in range(photos)]
    table = pa.table({"item_id": ids, "image": names})
    pq.write_table(table, folder / "catalogue.parquet")
    items = pa.table({"item_id": names[:64], "image": names[:64]})
    outfits = pa.table({"outfit_id": ["o"], "item_ids": [names[:2]]})
    likes = pa.table({"user_id": ["u"], "outfit_id": ["o"]})
    data = fndrec.data.from_tables(
        items, outfits, {"train": likes}, photo_root=folder
    ).with_photos(IMAGE_SIZE)
    kind = fndrec.FNDTeacher if teacher else fndrec.FNDStudent
    model = kind.from_data(data)
    fndrec.export(model, folder / "export")


def once(folder: Path, way: str, photos: int) -> float:
    """Photos a second of one way."""
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    environment = {**os.environ, **threads, "TF_CPP_MIN_LOG_LEVEL": "3"}
    run: dict[str, Any] = {"env": environment, "check": True}
    if way == "bare":
        command = ["benchmarks.catalogue", "--bare"]
        command += ["--photos", str(min(photos, 2048))]
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", *command], stdout=subprocess.PIPE, **run
        )
        return float(done.stdout.split()[-1])
    out = folder / "vectors"
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "fndrec", "embed"),
            str(folder / "catalogue.parquet"),
            *("--export", str(folder / "export"), "--out", str(out)),
            *("--actors", way, "--batch-size", str(BATCH)),
            *("--rows-per-part", str(BATCH * 2)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **run,
    )
    return steady(out / "rows")


def steady(rows: Path) -> float:
    """Rows a second while all workers were at it.

    From when each had done its first two parts, among which the model is
    loaded and traced, until the first had nothing left to do.
    """
    done: dict[bytes, list[tuple[int, int]]] = {}
    for path in rows.glob("*.parquet"):
        with pq.ParquetFile(path) as file:
            worker = file.schema_arrow.metadata[b"worker"]
            part = (path.stat().st_mtime_ns, file.metadata.num_rows)
        done.setdefault(worker, []).append(part)
    for parts in done.values():
        parts.sort()
    start = max(parts[1][0] for parts in done.values())
    end = min(parts[-1][0] for parts in done.values())
    inside = [
        rows
        for parts in done.values()
        for at, rows in parts
        if start < at <= end
    ]
    return sum(inside) / ((end - start) / 1e9)


def bare(photos: int) -> float:
    """Photos a second of the tower alone, without reading or decoding."""
    pixels = np.random.default_rng(0).integers(
        0, 256, (BATCH, IMAGE_SIZE, IMAGE_SIZE, 3)
    )
    # That of the default student.
    tower = fndrec.layers.ImageTower(16, IMAGE_SIZE, width=0.08, seed=0)
    batch = tf.constant(pixels.astype("uint8"))
    run = tf.function(lambda images: tower(images))
    run(batch).numpy()
    run(batch).numpy()
    started = time.perf_counter()
    for _ in range(photos // BATCH):
        run(batch).numpy()
    return photos // BATCH * BATCH / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
