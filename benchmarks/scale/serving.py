"""Core-seconds of whole catalogues: embedding, and ranking for users."""

import functools
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import tensorflow as tf

from benchmarks.catalogue.__main__ import BATCH, prepare
from benchmarks.scale.law import Point
from benchmarks.scale.training import DIM, core_seconds
from fndrec.distributed import Workers, embed_catalogue
from fndrec.layers import OutfitScore, SetTransformer
from fndrec.serving.export.ranking import best_outfits

# Photos of a job, and whether held out.
JOBS = ((256, False), (2048, False), (1024, True))
K = 10
# Users at once, outfits of the index, and whether held out.
RANKINGS = (
    (32, 10_000, False),
    (128, 10_000, False),
    (32, 100_000, False),
    (128, 100_000, False),
    (64, 50_000, True),
    (96, 25_000, True),
)


def embedding(folder: Path) -> list[Point]:
    """Jobs of `embed_catalogue`, by the default teacher, in one process.

    All of it: loading the model, reading, decoding, embedding and writing.
    """
    prepare(folder, max(photos for photos, _ in JOBS), teacher=True)
    _job(folder, 64)
    return [
        Point(
            f"a job of {photos:,} photos",
            {"job": 1.0, "photo": float(photos)},
            _job(folder, photos),
            held_out,
        )
        for photos, held_out in JOBS
    ]


def _job(folder: Path, photos: int) -> float:
    """Core-seconds of `embed_catalogue`."""
    catalogue = folder / f"catalogue-{photos}.parquet"
    table = pq.read_table(folder / "catalogue.parquet")
    pq.write_table(table.slice(0, photos), catalogue)
    started = time.process_time()
    embed_catalogue(
        catalogue,
        folder / "export",
        folder / f"vectors-{photos}",
        rows_per_part=512,
        batch_size=BATCH,
        workers=Workers(actors=0),
        progress=False,
    )
    return time.process_time() - started


def ranking(rounds: int) -> list[Point]:
    """The best of an index for users, as the signature `recommend` has it."""
    rng = np.random.default_rng(0)
    found = []
    for users, outfits, held_out in RANKINGS:
        # All that the search looks at.
        index: Any = SimpleNamespace(
            outfit_vectors=tf.Variable(_unit(rng, outfits)),
            outfit_ids=tf.Variable(
                np.arange(outfits).astype(str).astype(object)
            ),
            num_outfits=outfits,
        )
        best = tf.function(
            functools.partial(best_outfits, OutfitScore(), index)
        )
        run = functools.partial(
            best, tf.constant(_unit(rng, users)), tf.fill((users,), K)
        )
        terms = {
            "user": float(users),
            "user and outfit": float(users) * outfits,
            "call and outfit": float(outfits),
        }
        found.append(
            Point(
                f"{users} users, {outfits:,} outfits",
                terms,
                core_seconds(run, rounds),
                held_out,
            )
        )
    return found


def _unit(rng: np.random.Generator, rows: int) -> np.ndarray:
    vectors = rng.normal(size=(rows, DIM)).astype("float32")
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def outfits(rounds: int) -> list[Point]:
    """Outfits of three embedded items to their vectors."""
    rng = np.random.default_rng(0)
    aggregator = SetTransformer(DIM, seed=0)
    aggregator.build()
    run = tf.function(aggregator, reduce_retracing=True)
    items = tf.constant(rng.normal(size=(10_000, DIM)).astype("float32"))
    found = []
    for count, held_out in ((512, False), (4096, False), (2048, True)):
        sets = tf.constant(rng.integers(0, 10_000, (count, 3)), tf.int32)
        terms = {"call": 1.0, "outfit": float(count)}
        seconds = core_seconds(functools.partial(run, items, sets), rounds)
        found.append(Point(f"{count:,} outfits", terms, seconds, held_out))
    return found
