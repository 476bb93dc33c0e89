"""The training recipe of `fndrec train` and `fndrec distill`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from fndrec.callbacks import StopOnNaN, TrainingBackup, Validation
from fndrec.checks import one_of, positive_int
from fndrec.data import EraseItem, OutfitData
from fndrec.errors import DataError
from fndrec.losses import (
    DistillationLoss,
    FalseNegativeDistillation,
    KnowledgeDistillation,
)
from fndrec.losses.distillation_loss import Teacher
from fndrec.models import FNDStudent, OutfitRecommender

__all__ = ["Recipe", "distillation_losses", "train"]

BATCH_SIZE = 128
LARGE_BATCH_SIZE = 1024
# Train likes that give an epoch enough steps for large batches.
MANY_LIKES = 100_000
NEGATIVES = 4
WEIGHT_DECAY = 0.01
# With less decay, an embedding per item memorizes the likes.
ID_WEIGHT_DECAY = 0.3
# The same where users share outfits, and are learned in large batches.
SHARED_WEIGHT_DECAY = 3.0
# Users who share outfits are soon learned, and then memorized.
SHARED_EPOCHS = 5
HISTORY = 7


@dataclass(frozen=True)
class Recipe:
    """Batches, optimizer and early stopping of a training run.

    `Recipe.for_model` chooses the values for a data set, as the commands do.

    Args:
        epochs: Most passes over the train likes.
        patience: Epochs without a better valid metric before training stops.
        batch_size: Likes per batch.
        negatives: Negatives drawn per like.
        negative_sampling: Kind of the negatives, see `NegativeSampler`. By
            default `"hard"` if users share outfits, else `"recombined"`.
        in_batch_negatives: Whether the candidates of other users in the batch
            also serve as negatives.
        sampling_probability: Whether scores are corrected for how often
            candidates are drawn, see `OutfitData.batches`.
        learning_rate: Peak learning rate of AdamW.
        weight_decay: Weight decay of AdamW.
        history: Most liked outfits that encode a user, for a model that
            knows users by their likes; else `None`.
        contrastive_weight: Weight of a student's contrastive loss.
        seed: Seed of the batches and the valid candidates.

    Example:

    >>> recipe = fndrec.training.Recipe.for_model(teacher, data, epochs=5)
    >>> teacher.compile(
    ...     recipe.optimizer(data),
    ...     in_batch_negatives=recipe.in_batch_negatives,
    ... )
    >>> teacher.fit(
    ...     recipe.batches(data),
    ...     epochs=recipe.epochs,
    ...     callbacks=recipe.callbacks(data),
    ... )
    """

    epochs: int = 22
    patience: int = 5
    batch_size: int = BATCH_SIZE
    negatives: int = NEGATIVES
    negative_sampling: str | Mapping[str, float] | None = None
    in_batch_negatives: bool = True
    sampling_probability: bool = False
    learning_rate: float = 3e-3
    weight_decay: float = WEIGHT_DECAY
    history: int | None = None
    contrastive_weight: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.in_batch_negatives:
            positive_int("negatives", self.negatives)

    @classmethod
    def for_model(
        cls,
        model: OutfitRecommender,
        data: OutfitData,
        *,
        epochs: int | None = None,
        patience: int = 5,
        batch_size: int | None = None,
        negatives: int | None = None,
        negative_sampling: str | Mapping[str, float] | None = None,
        in_batch_negatives: bool = True,
        sampling_probability: bool | None = None,
        learning_rate: float = 3e-3,
        weight_decay: float | None = None,
        history: int = HISTORY,
        contrastive_weight: float | None = None,
        seed: int = 0,
    ) -> Recipe:
        """Returns the recipe for a model and a data set.

        Args:
            model: The model.
            data: The data set.
            epochs: By default 22, or 5 if users share outfits.
            patience: As in `Recipe`.
            batch_size: By default 128, or 1024 for 100,000 train likes or
                more.
            negatives: By default 4; 1 for a student with in-batch negatives,
                which gains nothing from more; 0 with in-batch negatives if
                users share outfits: the outfits of the batch are then real
                outfits already.
            negative_sampling: As in `Recipe`.
            in_batch_negatives: As in `Recipe`.
            sampling_probability: By default true if users share outfits and
                `negative_sampling` is not another kind than `"hard"`.
            learning_rate: As in `Recipe`.
            weight_decay: By default 0.01. If items have nothing but ids, 0.3,
                or 3 if users share outfits.
            history: As in `Recipe`; used if the model knows users by their
                likes.
            contrastive_weight: By default 0.1 for a student with a projection
                head, else 0.
            seed: As in `Recipe`.
        """
        student = isinstance(model, FNDStudent)
        shared = data.shares_outfits
        if epochs is None:
            epochs = SHARED_EPOCHS if shared else cls.epochs
        if sampling_probability is None:
            sampling_probability = shared and negative_sampling in (
                None,
                "hard",
            )
        if batch_size is None:
            many = len(data.likes("train")) >= MANY_LIKES
            batch_size = LARGE_BATCH_SIZE if many else BATCH_SIZE
        if negatives is None and in_batch_negatives:
            if sampling_probability:
                negatives = 0
            elif student:
                negatives = 1
        if negatives is None:
            negatives = NEGATIVES
        if weight_decay is None:
            content = (data.store, data.features, data.category_index)
            ids_alone = all(values is None for values in content)
            weight_decay = WEIGHT_DECAY
            if ids_alone:
                weight_decay = (
                    SHARED_WEIGHT_DECAY if shared else ID_WEIGHT_DECAY
                )
        if contrastive_weight is None:
            projection = getattr(model, "projection", None)
            contrastive_weight = 0.0 if projection is None else 0.1
        return cls(
            epochs=epochs,
            patience=patience,
            batch_size=batch_size,
            negatives=negatives,
            negative_sampling=negative_sampling,
            in_batch_negatives=in_batch_negatives,
            sampling_probability=sampling_probability,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            history=history if model.knows_users_by_likes else None,
            contrastive_weight=contrastive_weight,
            seed=seed,
        )

    def optimizer(self, data: OutfitData) -> keras.optimizers.Optimizer:
        """Returns AdamW with one epoch of warm-up, then cosine decay."""
        steps = -(-len(data.likes("train")) // self.batch_size)
        schedule = keras.optimizers.schedules.CosineDecay(
            self.learning_rate / 10,
            decay_steps=steps * self.epochs,
            warmup_target=self.learning_rate,
            warmup_steps=steps,
            alpha=0.02,
        )
        return keras.optimizers.AdamW(
            schedule, weight_decay=self.weight_decay, beta_2=0.99
        )

    def batches(self, data: OutfitData, first_pass: int = 0) -> tf.data.Dataset:
        """Returns the train batches.

        Args:
            data: The data set.
            first_pass: Number of passes already made, see `TrainingBackup`.
        """
        contrastive = self.contrastive_weight > 0
        return data.batches(
            "train",
            self.batch_size,
            negatives=self.negatives,
            negative_sampling=self.negative_sampling,
            views=(EraseItem(), EraseItem()) if contrastive else None,
            history=self.history,
            sampling_probability=self.sampling_probability,
            seed=self.seed,
            first_pass=first_pass,
        )

    def callbacks(self, data: OutfitData) -> list[keras.callbacks.Callback]:
        """Returns the callbacks for `fit`.

        Training stops if the loss is no longer finite. If `data` has a valid
        split, training also stops when the valid metric no longer improves,
        and the best weights are restored: recall@20 among all outfits if
        users share outfits, else the AUC.
        """
        callbacks: list[keras.callbacks.Callback] = [StopOnNaN()]
        if "valid" in data.splits:
            validation = Validation(data, "valid", seed=self.seed)
            callbacks += [
                validation,
                keras.callbacks.EarlyStopping(
                    validation.monitor,
                    mode="max",
                    patience=self.patience,
                    restore_best_weights=True,
                ),
            ]
        return callbacks


def train(
    model: OutfitRecommender,
    data: OutfitData,
    teacher: OutfitRecommender | Teacher | None = None,
    *,
    distillation: DistillationLoss | Sequence[DistillationLoss] | None = None,
    distillation_weights: Sequence[float] | None = None,
    recipe: Recipe | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    backup: TrainingBackup | None = None,
    verbose: str | int = "auto",
) -> keras.callbacks.History:
    """Compiles and trains a model, as `fndrec train` and `distill` do.

    Args:
        model: A teacher or a student.
        data: The data set.
        teacher: For a student, the trained teacher or its targets, see
            `FNDStudent.compile`; by default none.
        distillation: Losses that learn from `teacher`; by default
            `KnowledgeDistillation(8.0, weight=0.9)` if there is a teacher.
        distillation_weights: See `FNDStudent.compile`.
        recipe: By default `Recipe.for_model(model, data)`.
        callbacks: Further callbacks, called after those of the recipe.
        backup: Saves the state of the run, so that it can be resumed.
        verbose: As in `keras.Model.fit`.

    Returns:
        The `History` of `fit`. If `data` has a valid split, `model` has its
        best weights.

    Raises:
        ValueError: If a model other than an `FNDStudent` gets a `teacher` or
            a `distillation`.
        DataError: If a batch cannot be read, or the loss is no longer finite.

    Example:

    >>> teacher = fndrec.FNDTeacher.from_data(data)
    >>> fndrec.training.train(teacher, data)
    >>> student = fndrec.FNDStudent.from_data(data)
    >>> fndrec.training.train(student, data, teacher)
    """
    if recipe is None:
        recipe = Recipe.for_model(model, data)
    options: dict[str, Any] = {"in_batch_negatives": recipe.in_batch_negatives}
    if isinstance(model, FNDStudent):
        if teacher is not None and distillation is None:
            distillation = KnowledgeDistillation(8.0, weight=0.9)
        options |= {
            "teacher": teacher,
            "distillation": distillation,
            "distillation_weights": distillation_weights,
            "contrastive_weight": recipe.contrastive_weight,
        }
    elif teacher is not None or distillation is not None:
        raise ValueError(
            "`teacher` and `distillation` should be given to an `FNDStudent` "
            f"alone. Received: a model of type {type(model).__name__}"
        )
    model.compile(recipe.optimizer(data), **options)
    all_callbacks = [*recipe.callbacks(data), *callbacks]
    initial_epoch = 0
    if backup is not None:
        backup.keep += [
            callback
            for callback in all_callbacks
            if isinstance(callback, keras.callbacks.EarlyStopping)
        ]
        all_callbacks.append(backup)
        initial_epoch = backup.initial_epoch(recipe.epochs)
    batches = recipe.batches(data, 0 if backup is None else backup.epoch)
    try:
        return model.fit(
            batches,
            initial_epoch=initial_epoch,
            epochs=recipe.epochs,
            callbacks=all_callbacks,
            verbose=verbose,
        )
    except tf.errors.OpError as error:
        # A batch that cannot be read fails inside the tf.data pipeline,
        # which only passes on the text of the error.
        match = re.search(r"DataError: (.*)", str(error.message))
        if match is None:
            raise
        raise DataError(match[1]) from error


def distillation_losses(
    kind: str = "kd",
    alpha: float = 2.0,
    temperature: float = 8.0,
    weight: float = 0.9,
    clip: float | None = None,
) -> tuple[list[DistillationLoss], list[float]]:
    """Returns the losses of a kind of distillation, and their weights.

    Args:
        kind: `"fnd"`, `"kd"`, `"fnd+kd"` or `"none"`.
        alpha: Strength of False Negative Distillation.
        temperature: Temperature of knowledge distillation.
        weight: Weight of knowledge distillation relative to the ranking loss
            on the likes, or to False Negative Distillation.
        clip: Limit of the distance z-score, see
            `FalseNegativeDistillation`.

    Returns:
        Arguments `distillation` and `distillation_weights` of
        `FNDStudent.compile`; empty lists for `"none"`.

    Raises:
        ValueError: If an argument is out of its range.
    """
    one_of("kind", kind, ("kd", "fnd", "fnd+kd", "none"))
    if kind == "kd":
        return [KnowledgeDistillation(temperature, weight)], [1.0]
    if kind == "none":
        return [], []
    fnd = FalseNegativeDistillation(alpha, clip)
    if kind == "fnd":
        return [fnd], [1.0]
    # False Negative Distillation replaces the ranking loss inside kd.
    kd = KnowledgeDistillation(temperature, weight=1.0)
    return [fnd, kd], [1.0 - weight, weight]
