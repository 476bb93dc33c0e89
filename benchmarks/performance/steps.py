"""Training steps against the plain way, and against the tower alone."""

import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from benchmarks.common.generated import outfit_data, with_noise
from benchmarks.common.report import Section
from benchmarks.performance.harness import (
    Case,
    Timing,
    measure,
    peak_mib,
    wait,
)
from benchmarks.performance.naive import (
    NaiveStudent,
    NaiveTargets,
    NaiveTeacher,
)
from benchmarks.performance.table import record, section
from fndrec import FNDStudent, FNDTeacher, OutfitData
from fndrec.losses import KnowledgeDistillation
from fndrec.metrics import NDCG, HitRate, UserAUC
from fndrec.models import OutfitRecommender
from fndrec.models.teacher_targets import TeacherTargets

NEGATIVES = 10
IMAGE_SIZE = 64
ITEMS = 4000

DEFAULT, PAPER = "default sizes", "AlexNet large and small"
TEACHERS: dict[str, Any] = {
    DEFAULT: {"dim": 64, "width": 0.25},
    PAPER: {"dim": 64, "width": 1.0},
}
STUDENTS: dict[str, Any] = {
    DEFAULT: {"dim": 16, "width": 0.08},
    PAPER: {"dim": 64, "width": 0.25},
}
LEARNING_RATE = 1e-3


def run(folder: Path, quick: bool) -> tuple[list[Section], dict[str, Any]]:
    """Times the steps.

    Args:
        folder: Where photos are kept.
        quick: Whether to do little.

    Returns:
        Tables, and what is in them as data.
    """
    data = with_noise(outfit_data(items=ITEMS, likes=2000), folder, IMAGE_SIZE)
    made: list[tuple[str, str, list[Timing], int]] = []
    names = (DEFAULT,) if quick else (DEFAULT, PAPER)
    for size in (32,) if quick else (32, 64, 128):
        for name in names:
            # The plain way takes ever longer, the ratio stays.
            if size == 32:
                made.append(_teacher(data, size, name, quick))
                made.append(_student(data, size, name, quick))
            made.append(_around(data, size, name, quick))
    made.append(_metrics(data, quick))
    made.append(_waiting(data, quick))
    return (
        [section(title, text, timings, n) for title, text, timings, n in made],
        {"steps": [record(title, timings, n) for title, _, timings, n in made]},
    )


def _step(model: OutfitRecommender, batch: Any) -> Any:
    """One step of training, as `fit` does it."""
    step = tf.function(model.train_step, reduce_retracing=True)
    return lambda: step(batch)


def _batch(data: OutfitData, size: int, negatives: int = NEGATIVES) -> Any:
    return next(iter(data.batches("train", size, negatives=negatives)))


def _teacher(
    data: OutfitData, size: int, name: str, quick: bool
) -> tuple[str, str, list[Timing], int]:
    batch = _batch(data, size)
    models: dict[str, Any] = {"fndrec": FNDTeacher, "naive": NaiveTeacher}
    cases = []
    for label, kind in models.items():
        model = kind.from_data(data, **TEACHERS[name])
        model.compile(keras.optimizers.Adam(LEARNING_RATE))
        cases.append(Case(label, _step(model, batch)))
    return (
        f"A step of the teacher, {size} likes, {name}",
        "Naive: each slot of each candidate is encoded on its own.",
        measure(cases, 3 if quick else 5, warm_up=1),
        0,
    )


def _student(
    data: OutfitData, size: int, name: str, quick: bool
) -> tuple[str, str, list[Timing], int]:
    batch = _batch(data, size)
    teacher = FNDTeacher.from_data(data, **TEACHERS[name])
    cases = []
    for label, kind, knows in (
        ("fndrec", FNDStudent, TeacherTargets),
        ("naive", NaiveStudent, NaiveTargets),
    ):
        model = _compiled(kind, data, knows.from_model(teacher, data), name)
        cases.append(Case(label, _step(model, batch)))
    return (
        f"A step of distillation, {size} likes, {name}",
        "Naive: each slot of each candidate is encoded on its own, by the "
        "student and, in each step, by the teacher.",
        measure(cases, 3 if quick else 5, warm_up=1),
        0,
    )


def _compiled(
    kind: Any, data: OutfitData, targets: TeacherTargets, name: str
) -> FNDStudent:
    student: FNDStudent = kind.from_data(data, **STUDENTS[name])
    student.compile(
        keras.optimizers.Adam(LEARNING_RATE),
        distillation=KnowledgeDistillation(8.0, 0.9),
        teacher=targets,
    )
    return student


def _around(
    data: OutfitData, size: int, name: str, quick: bool
) -> tuple[str, str, list[Timing], int]:
    """What stands around the student's tower."""
    teacher = FNDTeacher.from_data(data, **TEACHERS[name])
    targets = teacher.targets(data)
    timings: list[Timing] = []
    for negatives in (NEGATIVES, 1):
        student = _compiled(FNDStudent, data, targets, name)
        batch = _batch(data, size, negatives)
        drawn = f"{negatives} negative{'s'[: negatives - 1]} drawn"
        timings += measure(
            [
                Case(f"the tower, {drawn}", tower_step(student, batch)),
                Case(f"the step, {drawn}", _step(student, batch)),
            ],
            9 if quick else 31,
            warm_up=3,
        )
    return (
        f"A step of distillation and the tower alone, {size} likes, {name}",
        "The tower alone: forward and backward on the same distinct photos. "
        "With 1 negative drawn, which is the default, the candidates of the "
        "other likes stand against a like besides.",
        timings,
        2,
    )


def tower_step(model: OutfitRecommender, batch: Any) -> Any:
    """Forward and backward of the item tower on the photos of a batch."""
    tower = model.item_tower
    weights = tower.trainable_weights

    def run(items: Any) -> Any:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(tower(items, training=True))
        return tape.gradient(total, weights)

    graph = tf.function(run)
    return lambda: graph(batch["items"])


def _metrics(
    data: OutfitData, quick: bool
) -> tuple[str, str, list[Timing], int]:
    size = 64
    batch = _batch(data, size)
    teacher = FNDTeacher.from_data(data, **TEACHERS[DEFAULT])
    targets = teacher.targets(data)
    users = len(data.vocabulary.users) + 1
    cases = []
    for name, metrics in (
        ("without metrics", []),
        ("NDCG, hit rate", [NDCG(), HitRate(k=1)]),
        ("NDCG, hit rate, AUC by user", [NDCG(), HitRate(k=1), UserAUC(users)]),
    ):
        student = FNDStudent.from_data(data)
        student.compile(
            keras.optimizers.Adam(LEARNING_RATE),
            distillation=KnowledgeDistillation(8.0, 0.9),
            teacher=targets,
            metrics=metrics,
        )
        cases.append(Case(name, _step(student, batch)))
    return (
        f"Metrics in a step of distillation, {size} likes",
        f"The default student, {data.num_users} users.",
        measure(cases, 15 if quick else 51, warm_up=3),
        0,
    )


def _waiting(
    data: OutfitData, quick: bool
) -> tuple[str, str, list[Timing], int]:
    """How long steps wait for their batches."""
    size = 64
    teacher = FNDTeacher.from_data(data, **TEACHERS[DEFAULT])
    student = _compiled(FNDStudent, data, teacher.targets(data), DEFAULT)
    step = tf.function(student.train_step, reduce_retracing=True)
    steps: list[float] = []
    waits: list[float] = []
    for epoch in range(2 if quick else 4):
        batches = iter(data.batches("train", size, seed=epoch))
        for _ in range(len(data.likes("train")) // size):
            started = time.perf_counter()
            batch = next(batches)
            got = time.perf_counter()
            wait(step(batch))
            steps.append(time.perf_counter() - started)
            waits.append(got - started)
    # The first epoch traces, and each begins with nothing prefetched.
    warm = len(steps) // (2 if quick else 4)
    return (
        f"Waiting for data in distillation, {size} likes",
        "Photos from the store, 10 negatives, default sizes; the first "
        "batch of each epoch included.",
        [
            Timing("a step with its batch", tuple(steps[warm:]), peak_mib()),
            Timing("of it waiting", tuple(waits[warm:]), peak_mib()),
        ],
        0,
    )
