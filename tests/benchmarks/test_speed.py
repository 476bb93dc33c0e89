"""Speed must not change the result."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.common.generated import outfit_data, with_noise
from benchmarks.performance.harness import Case, Timing, measure
from benchmarks.performance.naive import (
    NaiveStudent,
    NaiveTargets,
    NaiveTeacher,
    PlainAggregator,
    auc_user_by_user,
)
from benchmarks.performance.table import ratio, seconds, section
from fndrec import FNDStudent, FNDTeacher, OutfitData
from fndrec.evaluation import Candidates
from fndrec.evaluation.user_metrics import metrics_by_user
from fndrec.losses import FalseNegativeDistillation, KnowledgeDistillation
from fndrec.models.teacher_targets import TeacherTargets

SIZE = 16


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> OutfitData:
    made = outfit_data(items=40, likes=60, users=7, valid=12)
    return with_noise(made, tmp_path_factory.mktemp("photos"), SIZE)


def network() -> Any:
    """Without batch normalisation, which weighs an item by its copies."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(
        4, 5, 4, kernel_initializer=keras.initializers.HeNormal(3)
    )(inputs / 255.0)
    return keras.Model(inputs, keras.layers.ReLU()(x))


def model(kind: Any, data: OutfitData) -> Any:
    """A model with nothing random in training."""
    parts = kind.parts_for(
        data, dim=8, backbone=network(), width=1.0, dropout=0, unknown_rate=0
    )
    parts["item_tower"].towers["image"].flip = False
    return kind(**parts)


def loss_and_gradients(model: Any, batch: Any) -> tuple[float, list[Any]]:
    with tf.GradientTape() as tape:
        loss = model.compute_loss(batch, training=True)
    gradients = tape.gradient(loss, model.trainable_weights)
    return float(loss), [tf.convert_to_tensor(one) for one in gradients]


def check_same(ours: Any, naive: Any, batch: Any) -> None:
    for one, other in zip(ours.weights, naive.weights, strict=True):
        other.assign(one)
    loss, gradients = loss_and_gradients(ours, batch)
    naive_loss, naive_gradients = loss_and_gradients(naive, batch)
    assert loss == pytest.approx(naive_loss, abs=1e-5)
    for found, expected in zip(gradients, naive_gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert max(float(tf.reduce_max(abs(one))) for one in gradients) > 1e-3


@pytest.mark.parametrize("shared", [False, True])
def test_naive_teacher_learns_the_same(data: OutfitData, shared: bool) -> None:
    batch = next(iter(data.batches("train", 8, negatives=5)))
    ours, naive = (model(kind, data) for kind in (FNDTeacher, NaiveTeacher))
    for one in (ours, naive):
        one.compile("sgd", in_batch_negatives=shared)
    check_same(ours, naive, batch)


@pytest.mark.parametrize(
    "loss", [KnowledgeDistillation(2.0, 0.9), FalseNegativeDistillation(1.0)]
)
def test_naive_student_learns_the_same(data: OutfitData, loss: Any) -> None:
    batch = next(iter(data.batches("train", 8, negatives=5)))
    teacher = FNDTeacher.from_data(data, dim=8, width=0.05)
    students = []
    for kind, knows in (
        (FNDStudent, TeacherTargets),
        (NaiveStudent, NaiveTargets),
    ):
        student = model(kind, data)
        student.compile(
            "sgd", distillation=loss, teacher=knows.from_model(teacher, data)
        )
        students.append(student)
    check_same(students[0], students[1], batch)


def test_plain_aggregator_gives_the_same() -> None:
    teacher = FNDTeacher.from_data(outfit_data(items=30, likes=20), dim=16)
    rng = np.random.default_rng(0)
    for weight in teacher.aggregator.weights:
        weight.assign(rng.normal(size=weight.shape))
    items = tf.constant(rng.normal(size=(9, 16)), tf.float32)
    outfits = tf.constant([[0, 3, -1], [4, 8, 2], [5, -1, -1]])
    np.testing.assert_allclose(
        PlainAggregator(teacher.aggregator)(items, outfits),
        teacher.aggregator(items, outfits),
        rtol=1e-4,
        atol=1e-4,
    )


def test_naive_evaluation_gives_the_same(data: OutfitData) -> None:
    teacher = FNDTeacher.from_data(data, dim=8, width=0.05)
    candidates = Candidates.from_data(data, "valid", 4)
    scores = teacher.score_sets(
        data, data.user_index[candidates.user], candidates.outfits
    )
    found = metrics_by_user(candidates.user, scores)["auc"].mean()
    users = np.unique(candidates.user)
    naive = auc_user_by_user(teacher, data, candidates, users)
    assert naive == pytest.approx(found, abs=1e-9)


def test_cases_take_turns() -> None:
    done: list[str] = []
    cases = [
        Case(name, lambda name=name: done.append(name), every)  # type: ignore[misc]
        for name, every in (("a", 1), ("b", 1), ("rare", 2))
    ]
    timings = measure(cases, rounds=4, warm_up=2)
    assert done[:5] == ["a", "a", "b", "b", "rare"]
    assert done[5:] == ["a", "b", "rare", "b", "a", "rare", "a", "b", "a", "b"]
    assert [math.isnan(s) for s in timings[2].seconds] == [0, 1, 0, 1]
    assert all(one.median >= 0 for one in timings)


def test_ratios_are_of_rounds() -> None:
    nan = float("nan")
    first = Timing("first", (1.0, 2.0, 4.0), 10.0)
    assert Timing("a", (2.0, 4.0, 8.0), 10.0).over(first) == 2.0
    assert Timing("b", (nan, nan, 8.0), 10.0).over(first) == 2.0
    alone = Timing("alone", (3.0, nan, nan), 10.0)
    assert alone.over(Timing("c", (nan, 6.0, 6.0), 10.0)) == 0.5


def test_tables() -> None:
    timings = [
        Timing("a", (0.001,), 5.0),
        Timing("b", (0.02,), 5.0),
        Timing("c", (2.0,), 5.0),
        Timing("d", (1.0,), 5.0),
    ]
    rows = section("t", "", timings).rows
    assert [row[-1] for row in rows] == ["1.00", "20.0", "2000", "1000"]
    rows = section("t", "", timings, group=2).rows
    assert [row[-1] for row in rows] == ["1.00", "20.0", "1.00", "0.50"]
    assert [seconds(s) for s in (0.0012, 0.12, 1.2, 12)] == [
        "1.2 ms",
        "120 ms",
        "1.20 s",
        "12 s",
    ]
    assert ratio(123.4) == "123"


def test_photos_of_noise_are_kept(data: OutfitData, tmp_path: Path) -> None:
    made = with_noise(data, tmp_path, 8)
    assert made.store is not None
    before = made.store.gather(np.arange(len(made.store)))
    assert before.std() > 70
    again = with_noise(data, tmp_path, 8)
    assert again.store is not None
    np.testing.assert_array_equal(
        again.store.gather(np.arange(len(before))), before
    )
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]
