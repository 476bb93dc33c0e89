from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from tiny_models import (
    STILL,
    one_batch,
    tiny_student,
    tiny_teacher,
    weights_of,
)

from fndrec import EraseItem, ReplaceItem
from fndrec.data import OutfitData
from fndrec.data.views.similar import similar_items
from fndrec.losses import (
    DistillationLoss,
    FalseNegativeDistillation,
    KnowledgeDistillation,
    NTXent,
    SoftmaxRanking,
)
from fndrec.models import TeacherTargets, load_model


@pytest.fixture(scope="module")
def targets(tiny_data: OutfitData) -> TeacherTargets:
    return tiny_teacher(tiny_data, dim=16, seed=7).targets(tiny_data)


@pytest.fixture(scope="module")
def batch(tiny_data: OutfitData) -> dict[str, Any]:
    return one_batch(tiny_data, views=(EraseItem(), EraseItem()))


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize(
    "distillation",
    [FalseNegativeDistillation(), KnowledgeDistillation(), None],
    ids=["fnd", "kd", "none"],
)
def test_every_weight_gets_a_finite_gradient(
    tiny_data: OutfitData,
    targets: TeacherTargets,
    batch: dict[str, Any],
    distillation: Any,
    in_batch: bool,
) -> None:
    student = tiny_student(tiny_data, dropout=0.0)
    student.compile(
        keras.optimizers.SGD(0.1),
        distillation=distillation,
        teacher=None if distillation is None else targets,
        contrastive_weight=0.1,
        in_batch_negatives=in_batch,
        run_eagerly=True,
    )
    with tf.GradientTape() as tape:
        loss = student.compute_loss(batch, training=True)
    gradients = tape.gradient(loss, student.trainable_weights)
    for weight, gradient in zip(
        student.trainable_weights, gradients, strict=True
    ):
        assert gradient is not None, weight.path
        values = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(values).all(), weight.path
    teacher_before = weights_of(targets.model)
    student.train_step(batch)
    assert all(np.isfinite(weight).all() for weight in weights_of(student))
    for before, after in zip(
        teacher_before, weights_of(targets.model), strict=True
    ):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("in_batch", [True, False])
def test_alpha_0_is_no_distillation(
    tiny_data: OutfitData,
    targets: TeacherTargets,
    batch: dict[str, Any],
    in_batch: bool,
) -> None:
    student = tiny_student(tiny_data, **STILL)
    student.compile(in_batch_negatives=in_batch)
    plain = float(student.compute_loss(batch, training=True))
    losses = {}
    for alpha in (0.0, 1.0):
        student.compile(
            distillation=FalseNegativeDistillation(alpha),
            teacher=targets,
            in_batch_negatives=in_batch,
        )
        losses[alpha] = float(student.compute_loss(batch, training=True))
    assert losses[0.0] == pytest.approx(plain, rel=1e-6)
    assert losses[1.0] != pytest.approx(plain, rel=1e-3)


@pytest.mark.parametrize("in_batch", [True, False])
def test_losses_by_hand(
    tiny_data: OutfitData,
    targets: TeacherTargets,
    batch: dict[str, Any],
    in_batch: bool,
) -> None:
    student = tiny_student(tiny_data, **STILL)
    student.compile(in_batch_negatives=in_batch, contrastive_weight=0.0)
    _, users, outfits = student._encode(batch, training=False)
    scores = np.array(student._training_scores(batch, users, outfits))

    def log_softmax(logits: np.ndarray) -> np.ndarray:
        logits = logits.astype(np.float64)
        logits = logits - logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    z = np.array(targets.distance_zscore(batch, in_batch))
    z[:, 0] = 0
    expected = -log_softmax(scores + 2.0 * z)[:, 0].mean()
    student.compile(
        distillation=FalseNegativeDistillation(2.0),
        teacher=targets,
        contrastive_weight=0.0,
        in_batch_negatives=in_batch,
    )
    found = float(student.compute_loss(batch, training=True))
    assert found == pytest.approx(expected, rel=1e-5)

    told = log_softmax(np.array(targets.scores(batch, in_batch)) / 2)
    taken = log_softmax(scores / 2)
    divergence = (np.exp(told) * (told - taken)).sum(axis=1).mean()
    expected = 0.1 * -log_softmax(scores)[:, 0].mean() + 0.9 * 4 * divergence
    student.compile(
        distillation=KnowledgeDistillation(2.0, 0.9),
        teacher=targets,
        contrastive_weight=0.0,
        in_batch_negatives=in_batch,
    )
    found = float(student.compute_loss(batch, training=True))
    assert found == pytest.approx(expected, rel=1e-5)


def test_contrastive_loss_by_hand(
    tiny_data: OutfitData, batch: dict[str, Any]
) -> None:
    student = tiny_student(tiny_data, **STILL)
    student.compile(contrastive_weight=0.0)
    plain = float(student.compute_loss(batch, training=True))
    student.compile(contrastive=NTXent(0.5), contrastive_weight=0.3)
    found = float(student.compute_loss(batch, training=True))
    items = student.encode_items(batch["items"])
    views = np.array(student.encode_outfits(items, batch["views"]))
    assert student.projection is not None
    flat = np.array(student.projection(views.reshape(-1, 8)))
    flat = flat.reshape(-1, 2, 8).transpose(1, 0, 2).reshape(-1, 8)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    logits = flat @ flat.T / 0.5
    np.fill_diagonal(logits, -np.inf)
    size = len(batch["user"])
    rows = np.arange(2 * size)
    partner = logits[rows, (rows + size) % (2 * size)]
    term = (np.log(np.exp(logits).sum(axis=1)) - partner).mean()
    assert found == pytest.approx(plain + 0.3 * term, rel=1e-5)


def test_contrast_by_default_where_there_is_a_head(
    tiny_data: OutfitData, batch: dict[str, Any]
) -> None:
    student = tiny_student(tiny_data, **STILL)
    losses = []
    for weight in (None, 0.1, 0.0):
        student.compile(contrastive_weight=weight)
        losses.append(float(student.compute_loss(batch, training=True)))
    assert losses[0] == losses[1]
    assert losses[0] > losses[2]
    plain = tiny_student(tiny_data, contrastive=False, **STILL)
    plain.compile()
    loss = float(plain.compute_loss(batch, training=True))
    assert loss == pytest.approx(losses[2])


def test_layers_of_the_head_differ(tiny_data: OutfitData) -> None:
    student = tiny_student(tiny_data)
    assert student.projection is not None
    first, second = (w.numpy() for w in student.projection.weights[::2])
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


def test_reports_each_loss(
    tiny_data: OutfitData, targets: TeacherTargets
) -> None:
    student = tiny_student(tiny_data)
    student.compile(
        keras.optimizers.Adam(1e-2),
        distillation=FalseNegativeDistillation(),
        teacher=targets,
        contrastive_weight=0.1,
    )
    assert tiny_data.item_category is not None
    table = similar_items(tiny_data.item_category, k=4)
    dataset = tiny_data.batches(
        "train", 50, negatives=2, views=(EraseItem(), ReplaceItem(table))
    )
    history = student.fit(dataset, epochs=2, verbose=0).history
    assert sorted(history) == ["contrastive_loss", "distillation_loss", "loss"]
    np.testing.assert_allclose(
        history["loss"],
        np.array(history["distillation_loss"])
        + 0.1 * np.array(history["contrastive_loss"]),
        rtol=1e-4,
    )
    # Other splits have neither teacher nor views.
    valid = tiny_data.batches("valid", 12, negatives=2)
    found = student.evaluate(valid, verbose=0, return_dict=True)
    assert list(found) == ["loss"]


def test_a_mixture_is_the_weighted_sum(
    tiny_data: OutfitData, targets: TeacherTargets, batch: dict[str, Any]
) -> None:
    student = tiny_student(tiny_data, **STILL, contrastive=False)

    def loss(distillation: Any, weights: Any = None) -> float:
        student.compile(
            distillation=distillation,
            distillation_weights=weights,
            teacher=targets,
        )
        return float(student.compute_loss(batch, training=True))

    fnd, kd = FalseNegativeDistillation(), KnowledgeDistillation(weight=1.0)
    parts = loss(fnd), loss(kd)
    assert loss([fnd, kd], [0.1, 0.9]) == pytest.approx(
        0.1 * parts[0] + 0.9 * parts[1], rel=1e-5
    )
    assert loss([fnd, kd]) == pytest.approx(sum(parts), rel=1e-5)
    with pytest.raises(ValueError, match="1 weights, 2 losses"):
        loss([fnd, kd], [1.0])


def test_arguments(tiny_data: OutfitData, targets: TeacherTargets) -> None:
    student = tiny_student(tiny_data, contrastive=False)
    for given in (
        {"distillation": FalseNegativeDistillation()},
        {"teacher": targets},
    ):
        with pytest.raises(ValueError, match="should be given together"):
            student.compile(**given)
    with pytest.raises(ValueError, match=r"contrastive_weight=-0\.1"):
        student.compile(contrastive_weight=-0.1)
    with pytest.raises(ValueError, match="projection_dim=None"):
        student.compile(contrastive_weight=0.1)


def test_the_teacher_itself_is_taken(
    tiny_data: OutfitData, batch: dict[str, Any]
) -> None:
    """Its targets are those for the data that made the student."""
    teacher = tiny_teacher(tiny_data, dim=16, seed=7)
    student = tiny_student(tiny_data, **STILL)

    def loss(teacher: Any) -> float:
        student.compile(
            distillation=FalseNegativeDistillation(2.0),
            teacher=teacher,
            contrastive_weight=0.0,
        )
        return float(student.compute_loss(batch, training=True))

    assert loss(teacher) == loss(teacher.targets(tiny_data))


def test_other_teachers_are_refused(
    tiny_data: OutfitData, targets: TeacherTargets, tmp_path: Path
) -> None:
    student = tiny_student(tiny_data)
    kd = KnowledgeDistillation()
    others: list[Any] = ["teacher.keras", keras.Sequential(), kd]
    for wrong in others:
        with pytest.raises(TypeError, match=r"`teacher` should be a trained"):
            student.compile(distillation=kd, teacher=wrong)
    with pytest.raises(TypeError, match=r"`distillation` should be a"):
        student.compile(distillation=SoftmaxRanking(), teacher=targets)
    # A loaded student does not know the data of a teacher.
    student.save(tmp_path / "student.keras")
    loaded = load_model(tmp_path / "student.keras")
    teacher = tiny_teacher(tiny_data)
    with pytest.raises(ValueError, match=r"teacher=teacher\.targets\(data\)"):
        loaded.compile(distillation=kd, teacher=teacher)
    loaded.compile(distillation=kd, teacher=teacher.targets(tiny_data))


class ScoreMatching(DistillationLoss):
    """A loss as a user would write it."""

    def targets(self, teacher: Any, batch: Any, in_batch: bool) -> Any:
        return teacher.scores(batch, in_batch)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean((y_true - y_pred) ** 2, axis=-1)


def test_a_custom_distillation_loss(
    tiny_data: OutfitData, targets: TeacherTargets, batch: dict[str, Any]
) -> None:
    student = tiny_student(tiny_data, **STILL)
    student.compile(
        distillation=ScoreMatching(),
        teacher=targets,
        contrastive_weight=0.0,
        in_batch_negatives=False,
    )
    _, users, outfits = student._encode(batch, training=False)
    difference = np.array(targets.scores(batch)) - np.array(
        student.score(users, outfits)
    )
    loss = float(student.compute_loss(batch, training=True))
    assert loss == pytest.approx((difference**2).mean(), rel=1e-5)


def test_a_loss_without_targets_says_so(
    tiny_data: OutfitData, targets: TeacherTargets, batch: dict[str, Any]
) -> None:
    student = tiny_student(tiny_data)
    student.compile(distillation=DistillationLoss(), teacher=targets)
    with pytest.raises(NotImplementedError, match="should define `targets"):
        student.compute_loss(batch, training=True)


def test_contrast_needs_views(tiny_data: OutfitData) -> None:
    student = tiny_student(tiny_data)
    student.compile(contrastive_weight=0.1, run_eagerly=True)
    with pytest.raises(ValueError, match="two views of each liked outfit"):
        student.fit(tiny_data.batches("train", 16), verbose=0)
