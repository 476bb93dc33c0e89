"""Candidate outfits scored from ready item vectors."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from benchmarks.common.generated import outfit_data
from benchmarks.common.report import Section
from benchmarks.performance.harness import Case, Timing, measure
from benchmarks.performance.naive import PlainAggregator
from benchmarks.performance.table import record, section
from benchmarks.performance.work_plot import plot_costs
from fndrec import FNDTeacher
from fndrec.layers import SetTransformer

SLOTS = 4
ITEMS = 1000


def run(folder: Path, quick: bool) -> tuple[list[Section], dict[str, Any]]:
    """Times scoring of ever more candidates.

    Args:
        folder: Where the picture goes.
        quick: Whether to do little.

    Returns:
        Tables, and what is in them as data.
    """
    sections, records = [], []
    found: list[list[Timing]] = []
    sizes = (100, 10_000) if quick else (1, 100, 1000, 10_000, 100_000)
    for size in sizes:
        timings = time_scoring(size, 5 if quick or size > 10_000 else 25)
        found.append(timings)
        title = f"Scores of {size:,} candidates"
        sections.append(
            section(
                title,
                f"One user, up to {SLOTS} items each of {ITEMS:,}, 64 "
                "dimensions. XLA: compiled before the first time that counts.",
                timings,
            )
        )
        records.append(record(title, timings, candidates=size))
    for size in (1000,) if quick else (1000, 10_000):
        timings = time_gradients(size, 5 if quick else 25)
        title = f"Gradients of the aggregator, {size:,} outfits"
        sections.append(
            section(
                title,
                f"Forward and backward, up to {SLOTS} items each of "
                f"{ITEMS:,}, 64 dimensions.",
                timings,
            )
        )
        records.append(record(title, timings, outfits=size))
    plot_costs(
        sizes,
        found,
        "candidates",
        "Scoring candidates of one user",
        folder / "scoring.png",
    )
    return sections, {"scoring": records}


def time_gradients(outfits: int, rounds: int) -> list[Timing]:
    """Times forward and backward of the plain aggregator and the library's.

    Args:
        outfits: Outfits of a step.
        rounds: Rounds of the measurement.

    Returns:
        Of the plain one and of the library's.
    """
    ours = SetTransformer(64, seed=0)
    ours.build()
    plain = PlainAggregator(ours)
    rng = np.random.default_rng(0)
    items = tf.constant(rng.normal(size=(ITEMS, 64)), tf.float32)
    sets = tf.constant(rng.integers(ITEMS, size=(outfits, SLOTS)), tf.int32)

    def graph(aggregator: Any) -> Any:
        weights = [weight.value for weight in aggregator.trainable_weights]

        def run(items: Any, sets: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(items)
                loss = tf.reduce_sum(tf.square(aggregator(items, sets)))
            return loss, tape.gradient(loss, [items, *weights])

        return tf.function(run, autograph=False)

    plain_graph, our_graph = graph(plain), graph(ours)
    cases = [
        Case("layers of Keras", lambda: plain_graph(items, sets)),
        Case("fndrec", lambda: our_graph(items, sets)),
    ]
    # The loss, and its gradient by the items, which all layers are part of.
    (expected, slopes), (loss, own_slopes) = (case.run() for case in cases)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(
        tf.convert_to_tensor(own_slopes[0]),
        tf.convert_to_tensor(slopes[0]),
        rtol=1e-3,
        atol=1e-4,
    )
    return measure(cases, rounds)


def time_scoring(candidates: int, rounds: int) -> list[Timing]:
    """Times the library's aggregator and the plain one, equal in weights.

    Args:
        candidates: Candidate outfits.
        rounds: Rounds of the measurement.

    Returns:
        Of the plain one, of the library's, of the public call that takes
        numpy arrays, and of the plain one and that call compiled by XLA.
    """
    model = FNDTeacher.from_data(outfit_data(items=30, likes=20))
    plain = PlainAggregator(model.aggregator)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(ITEMS, model.item_tower.dim)).astype("float32")
    outfits = rng.integers(ITEMS, size=(candidates, SLOTS), dtype=np.int32)
    outfits[::3, -1] = -1
    items, sets = tf.constant(vectors), tf.constant(outfits)
    user = model.encode_users(np.array([1]))

    def by_hand(items: Any, sets: Any) -> Any:
        unit = ops.normalize(plain(items, sets), axis=-1)
        return model.score(user, unit[None])

    def ours(items: Any, sets: Any) -> Any:
        return model.score(user, model.encode_outfits(items, sets)[None])

    plain_graph, our_graph = tf.function(by_hand), tf.function(ours)
    plain_by_xla = tf.function(by_hand, jit_compile=True)
    users = np.array([1])

    def public(jit_compile: bool = False) -> Any:
        return model.score_outfits(
            users, vectors, outfits[None], jit_compile=jit_compile
        )

    cases = [
        Case("layers of Keras", lambda: plain_graph(items, sets)),
        Case("fndrec", lambda: our_graph(items, sets)),
        Case("fndrec, `score_outfits`", public),
        Case("layers of Keras, XLA", lambda: plain_by_xla(items, sets)),
        Case("fndrec, `score_outfits`, XLA", lambda: public(True)),
    ]
    expected = cases[0].run()
    for case in cases[1:]:
        np.testing.assert_allclose(case.run(), expected, rtol=1e-5, atol=1e-5)
    return measure(cases, rounds)
