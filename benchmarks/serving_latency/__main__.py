"""How long an exported model takes, and what smaller variants of it cost.

    python -m benchmarks.serving_latency --demo DEMO --out DIR

Calls of a loaded SavedModel in this process: candidates to score, photos to
embed, and outfits to recommend from 10,000, 100,000 and 1,000,000. Then the
demo's student in each precision and in each form for devices. `DEMO` is a
folder that `fndrec demo` made. Writes `serving_latency.json` and
`serving_latency.md` to `DIR`.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf

import fndrec
from benchmarks.common import report
from fndrec.files import atomic_write
from fndrec.serving import export_on_device, with_precision
from fndrec.serving.export.precision import PRECISIONS

CANDIDATES = (1, 100, 1000, 10_000)
OUTFITS = (10_000, 100_000, 1_000_000)
ITEMS, SLOTS, USERS, FEATURES = 20_000, 4, 1000, 32
PACKAGES = ("tensorflow", "keras", "onnxruntime", "numpy")


def catalogue(outfits: int) -> fndrec.OutfitData:
    """A shop of random items and outfits."""
    rng = np.random.default_rng(0)
    ids = np.array([f"item{row}" for row in range(ITEMS)])
    # One item of each quarter, so that none stands twice in an outfit.
    sets = rng.integers(0, ITEMS // SLOTS, (outfits, SLOTS))
    sets = (sets + np.arange(SLOTS) * (ITEMS // SLOTS)).ravel()
    likes = pa.table(
        {
            "user_id": [f"user{row}" for row in range(USERS)],
            "outfit_id": [f"outfit{row}" for row in range(USERS)],
        }
    )
    features = rng.normal(size=ITEMS * FEATURES).astype(np.float32)
    return fndrec.data.from_tables(
        pa.table(
            {
                "item_id": ids,
                "feature": pa.FixedSizeListArray.from_arrays(
                    features, FEATURES
                ),
            }
        ),
        pa.table(
            {
                "outfit_id": [f"outfit{row}" for row in range(outfits)],
                "item_ids": pa.ListArray.from_arrays(
                    np.arange(0, len(sets) + 1, SLOTS, dtype=np.int32),
                    pa.array(ids).take(pa.array(sets)),
                ),
            }
        ),
        {"train": likes},
    )


def timed(call: Callable[[], Any], seconds: float = 6) -> str:
    """Median and 95th percentile of a call in milliseconds, as text."""
    for _ in range(3):
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 20 or (time.perf_counter() < end and len(times) < 300):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    p50, p95 = np.percentile(times, (50, 95))
    return f"{p50:.1f} / {p95:.1f}"


def caller(signature: Any, **inputs: Any) -> Callable[[], Any]:
    """A call that returns when its results are at hand."""
    specs = signature.structured_input_signature[1]
    given = {k: tf.constant(v, specs[k].dtype) for k, v in inputs.items()}
    return lambda: [value.numpy() for value in signature(**given).values()]


def indexed(folder: Path, count: int) -> Path:
    """An export of so many outfits, unless it is there already."""
    made = folder / str(count)
    if not (made / "1").exists():
        data = catalogue(count)
        fndrec.export(fndrec.FNDTeacher.from_data(data), made, data)
    return made / "1"


def recommending(folder: Path) -> report.Section:
    """Times of `recommend` over indexes of several sizes."""
    rows = []
    for count in OUTFITS:
        signatures = tf.saved_model.load(indexed(folder, count)).signatures
        user = ["user0"]
        calls = [
            caller(signatures["recommend"], user_id=user, k=[10]),
            caller(signatures["recommend"], user_id=user * 32, k=[10] * 32),
            caller(
                signatures["recommend_filtered"],
                user_id=user,
                k=[10],
                exclude_outfit_id=[["outfit1", "outfit2"]],
                exclude_length=[2],
                category=[[""]],
                category_length=[0],
            ),
            caller(
                signatures["recommend_for_likes"],
                liked_outfit_id=[["outfit1", "outfit2"]],
                length=[2],
                k=[10],
            ),
        ]
        # A signature must not make another one slower.
        for call in calls:
            call()
        rows.append([f"{count:,}", *map(timed, calls)])
        print(rows[-1], flush=True)
    return report.Section(
        "Recommending",
        "Milliseconds, p50 / p95, for the 10 best outfits; vectors of 64.",
        [
            *("outfits", "`recommend`, 1 user", "32 users"),
            *("`recommend_filtered`, 1 user", "`recommend_for_likes`, 1 user"),
        ],
        rows,
    )


def scoring(folder: Path) -> report.Section:
    """Times of scoring candidates of one user."""
    data = catalogue(OUTFITS[0])
    model = fndrec.FNDTeacher.from_data(data)
    signatures = tf.saved_model.load(
        fndrec.export(model, folder / "scoring", data)
    ).signatures
    rng = np.random.default_rng(0)
    ids = np.array(data.items.to_list(), object)
    rows = []
    for count in CANDIDATES:
        length = np.full((1, count), SLOTS)
        vectors = rng.normal(size=(1, count, SLOTS, model.item_tower.dim))
        rows.append(
            [
                f"{count:,}",
                timed(
                    caller(
                        signatures["score_outfits"],
                        user_id=[data.users[0]],
                        item_id=rng.choice(ids, (1, count, SLOTS)),
                        length=length,
                    )
                ),
                timed(
                    caller(
                        signatures["score_outfits_from_embeddings"],
                        user_id=[data.users[0]],
                        item_embedding=vectors,
                        length=length,
                    )
                ),
            ]
        )
        print(rows[-1], flush=True)
    return report.Section(
        "Scoring",
        "Milliseconds, p50 / p95, for one user; vectors of 64, 4 items.",
        ["candidates", "`score_outfits`", "`score_outfits_from_embeddings`"],
        rows,
    )


def precisions(
    demo: Path, folder: Path
) -> tuple[report.Section, report.Section]:
    """Quality, size and time of the demo's student in each precision."""
    data = fndrec.load_data(demo / "shop").with_photos(64)
    student = fndrec.load_model(demo / "student" / "model.keras")
    models = {name: with_precision(student, name) for name in PRECISIONS}
    found = fndrec.evaluate(models, data, "test")
    assert data.photos is not None
    assert data.photo_root is not None
    photos = [
        (data.photo_root / data.photos[row].as_py()).read_bytes()
        for row in range(32)
    ]
    assert data.categories is not None
    assert data.item_category is not None
    categories = data.categories.take(data.item_category[:32])
    rows = []
    for name in PRECISIONS:
        path = fndrec.export(student, folder / name, data, precision=name)
        embed = tf.saved_model.load(path).signatures["embed_items"]
        vectors = models[name].embed_items(data)
        exact = models["float32"].embed_items(data)
        size = sum(f.stat().st_size for f in (path / "variables").iterdir())
        rows.append(
            [
                name,
                f"{found.metrics[name]['auc']:.4f}",
                f"{found.metrics[name]['ndcg']:.4f}",
                f"{_least_cosine(vectors, exact):.6f}",
                f"{size / 1000:.0f}",
                *(
                    timed(
                        caller(
                            embed,
                            image_bytes=photos[:count],
                            category=categories[:count],
                        )
                    )
                    for count in (1, 32)
                ),
            ]
        )
        print(rows[-1], flush=True)
    first = report.Section(
        "Precision",
        "The demo's student. Quality on test likes; the least cosine of an "
        "item vector to the one in float32; kB of the variables; milliseconds, "
        "p50 / p95, of `embed_items`.",
        [
            *("precision", "AUC", "NDCG", "least cosine", "kB"),
            *("1 photo", "32 photos"),
        ],
        rows,
    )
    files = export_on_device(student, folder / "device", data)
    kept_in = json.loads((folder / "device" / "report.json").read_text())
    second = report.Section(
        "Device",
        "The demo's student. Differences and cosines are to its own vectors. "
        f"The 8-bit files keep {kept_in['int8_best_kept']:.1%} of each user's "
        "ten best outfits.",
        ["part", "form", "kB", "largest difference", "mean cosine"],
        [
            [
                one.part,
                one.kind if one.name else f"({one.kind}: {one.reason})",
                f"{(one.bytes or 0) / 1000:.1f}",
                f"{one.difference:.1e}",
                f"{one.cosine:.6f}",
            ]
            for one in files
        ],
    )
    print(second, flush=True)
    return first, second


def _least_cosine(left: np.ndarray, right: np.ndarray) -> float:
    length = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return float(((left * right).sum(axis=1) / length).min())


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving_latency", description=__doc__
    )
    parser.add_argument("--demo", type=Path, required=True, metavar="DEMO")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(arguments)
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        folder = Path(scratch)
        sections = [
            scoring(folder),
            recommending(folder),
            *precisions(args.demo, folder),
        ]
    report.write_json(
        out / "serving_latency.json",
        {
            "versions": {
                name: importlib.metadata.version(name) for name in PACKAGES
            },
            "cores": os.cpu_count(),
            "load": os.getloadavg()[1],
            "sections": [dataclasses.asdict(one) for one in sections],
        },
    )
    atomic_write(
        out / "serving_latency.md",
        report.markdown("Latency of an exported model", sections),
    )


if __name__ == "__main__":
    main()
