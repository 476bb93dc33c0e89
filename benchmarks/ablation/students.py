"""Training of one teacher or student."""

from typing import Any

import keras
import numpy as np
from keras import ops

from benchmarks.ablation.controls import (
    ORACLE,
    ControlledTargets,
    OracleTargets,
)
from benchmarks.ablation.variant import Variant
from benchmarks.common.worlds import World
from fndrec import EraseItem, FNDStudent, FNDTeacher, ReplaceItem, Validation
from fndrec.data import similar_items
from fndrec.evaluation.user_metrics import metrics_by_user
from fndrec.layers import OutfitScore
from fndrec.losses import (
    NTXent,
)
from fndrec.models import OutfitRecommender
from fndrec.training import Recipe, distillation_losses

BATCH_SIZE = 128
PATIENCE = 5
# Of a large split this many likes decide when to stop.
MAX_LIKES = 5000

TEACHERS: dict[str, dict[str, Any]] = {
    "large": {"dim": 64, "width": 0.25, "epochs": 30},
    # Narrower and not trained to the end.
    "weak": {"dim": 24, "width": 0.12, "epochs": 9},
}
# At most a tenth of the teacher's parameters, users aside.
PHOTO_STUDENT = {"dim": 16, "width": 0.08, "epochs": 14}
# So small that it trails its teacher by several points.
FEATURE_STUDENT = {"dim": 8, "width": 1.0, "epochs": 22}


@keras.saving.register_keras_serializable("benchmarks")
class LearnedTemperature(OutfitScore):
    """A score whose temperature is learned, from 0.1 on."""

    def build(self, input_shape: Any = None) -> None:
        self.log_scale = self.add_weight(
            shape=(), initializer="zeros", name="log_scale"
        )
        self.built = True

    def from_cosine(self, cosine: Any) -> Any:
        scores = super().from_cosine(cosine)
        return scores * ops.exp(ops.cast(self.log_scale, scores.dtype))


def train_teacher(world: World, name: str, seed: int = 0) -> FNDTeacher:
    """Trains a teacher as `fndrec train` does.

    Args:
        world: The data set.
        name: One of `TEACHERS`.
        seed: Seed of weights and batches.

    Returns:
        The teacher, with the weights that were best on `valid`.
    """
    made = dict(TEACHERS[name])
    epochs = made.pop("epochs")
    keras.utils.set_random_seed(seed)
    teacher = FNDTeacher.from_data(world.data, **made, seed=seed)
    recipe = Recipe.for_model(
        teacher, world.data, epochs=epochs, batch_size=BATCH_SIZE
    )
    teacher.compile(recipe.optimizer(world.data))
    batches = world.data.batches("train", BATCH_SIZE, negatives=4, seed=seed)
    _fit(teacher, world, batches, epochs)
    return teacher


def train_student(
    world: World, teacher: FNDTeacher, variant: Variant, seed: int
) -> tuple[FNDStudent, list[float], float]:
    """Trains a student until `valid` gets no better.

    Args:
        world: The data set.
        teacher: Its teacher.
        variant: How it is taught.
        seed: Seed of weights and batches: variants of one seed begin with
            the same weights and see the same batches.

    Returns:
        The student with its best weights, the AUC on `valid` of each epoch,
        and the best of these.
    """
    data = world.data
    made = dict(PHOTO_STUDENT if world.sees_photos else FEATURE_STUDENT)
    epochs = int(made.pop("epochs"))
    # The aggregator's four heads divide the width.
    dim = 4 * max(1, round(made["dim"] * variant.size / 4))
    keras.utils.set_random_seed(seed)
    parts = FNDStudent.parts_for(
        data,
        dim=dim,
        width=made["width"] * variant.size,
        score=variant.score,
        temperature=variant.score_temperature or 0.1,
        seed=seed,
    )
    if variant.score_temperature is None:
        parts["score"] = LearnedTemperature(variant.score, 0.1, name="score")
    contrastive = variant.contrastive > 0
    student = FNDStudent(**parts, projection_dim=dim if contrastive else None)
    student.vocabulary = data.vocabulary
    kinds = [kind for kind in ("fnd", "kd") if getattr(variant, kind)]
    losses, weights = distillation_losses(
        "+".join(kinds) or "none",
        variant.alpha,
        variant.temperature,
        variant.weight,
        # A control clips by itself.
        clip=None if variant.control else variant.clip,
    )
    recipe = Recipe.for_model(
        student,
        data,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=variant.learning_rate,
    )
    student.compile(
        recipe.optimizer(data),
        distillation=losses or None,
        distillation_weights=weights,
        teacher=_targets(world, teacher, variant) if losses else None,
        contrastive=NTXent(variant.contrastive_temperature),
        contrastive_weight=variant.contrastive,
        in_batch_negatives=variant.in_batch,
    )
    sampling: Any = variant.sampling
    if sampling == "half_hard":
        sampling = {"recombined": 0.5, "hard": 0.5}
    batches = data.batches(
        "train",
        BATCH_SIZE,
        negatives=variant.negatives,
        negative_sampling=sampling,
        views=_views(world, teacher, variant) if contrastive else None,
        seed=seed,
    )
    history = _fit(student, world, batches, epochs)
    return student, history, max(history)


def _fit(
    model: OutfitRecommender, world: World, batches: Any, epochs: int
) -> list[float]:
    validation = Validation(world.data, "valid", max_likes=MAX_LIKES)
    history = model.fit(
        batches,
        epochs=epochs,
        verbose=0,
        callbacks=[
            validation,
            keras.callbacks.EarlyStopping(
                "val_auc",
                mode="max",
                patience=PATIENCE,
                restore_best_weights=True,
            ),
        ],
    )
    return [float(value) for value in history.history["val_auc"]]


def _targets(world: World, teacher: FNDTeacher, variant: Variant) -> Any:
    if variant.control == ORACLE:
        assert world.truth is not None
        return OracleTargets(world.truth, world.data.user_index)
    targets = teacher.targets(world.data, variant.radius)
    if variant.control:
        return ControlledTargets(targets, variant.control, variant.clip)
    return targets


def _views(
    world: World, teacher: FNDTeacher, variant: Variant
) -> tuple[Any, Any]:
    first, second = (_view(world, teacher, kind) for kind in variant.views)
    return first, second


def _view(world: World, teacher: FNDTeacher, kind: str) -> Any:
    if kind == "erase":
        return EraseItem()
    categories = world.data.item_category
    assert categories is not None
    vectors = teacher.embed_items(world.data) if kind == "similar" else None
    return ReplaceItem(similar_items(categories, vectors=vectors))


def true_auc(model: OutfitRecommender, world: World) -> np.ndarray:
    """AUC of each user's true likes among all outfits not seen liked.

    Args:
        model: The model.
        world: A data set whose truth is known.

    Returns:
        `(users,)`, NaN for a user without either kind.
    """
    assert world.truth is not None
    data = world.data
    users = np.arange(data.num_users)
    vectors = model.embed_outfits(model.embed_items(data), data.outfit_items)
    scores = model.encode_users(data.user_index[users]).numpy() @ vectors.T
    liked = np.stack(
        [
            world.truth.liked(
                np.full(data.num_outfits, user), data.outfit_items
            )
            for user in users
        ]
    )
    seen = np.zeros(liked.shape, bool)
    for likes in (data.likes("train"), data.likes("valid")):
        seen[likes.user, likes.outfit] = True
    unseen = ~seen
    rows = [
        metrics_by_user(
            np.zeros(1, int),
            scores[[user], unseen[user]][None],
            liked[[user], unseen[user]][None],
        )["auc"][0]
        for user in users
    ]
    return np.array(rows)
