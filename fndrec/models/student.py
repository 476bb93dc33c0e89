"""The student."""

from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops

from fndrec.checks import non_negative_float
from fndrec.data import OutfitData
from fndrec.layers.seeds import part_seed
from fndrec.layers.sublayers import Changes, Sublayers
from fndrec.losses import DistillationLoss, NTXent
from fndrec.losses.distillation_loss import Teacher
from fndrec.models import replicas
from fndrec.models.recommender import OutfitRecommender
from fndrec.models.teacher_targets import TeacherTargets


@keras.saving.register_keras_serializable("fndrec")
class FNDStudent(OutfitRecommender):
    """The small model, distilled from a frozen teacher.

    Distillation losses learn from the teacher's scores or distances of the
    sampled candidates. The contrastive loss pulls together two augmented
    views of each liked outfit. Both are arguments of `compile`: a saved
    student loads and predicts without its teacher.

    Args:
        item_tower: An `ItemTower`.
        aggregator: See `OutfitRecommender`.
        user_embedding: See `OutfitRecommender`.
        score: An `OutfitScore`.
        projection_dim: Width of the contrastive projection head; `None`
            for a student without one.
        sublayers: Arguments of the layers of that head, `hidden` and
            `projected`, that differ from the default, see `SetTransformer`.
        **kwargs: Passed to `keras.Model`.

    Example:

    >>> student = fndrec.FNDStudent.from_data(data, contrastive=True)
    >>> student.compile(
    ...     keras.optimizers.Adam(1e-3),
    ...     distillation=fndrec.losses.FalseNegativeDistillation(alpha=1.0),
    ...     teacher=teacher,
    ...     contrastive_weight=0.1,
    ... )
    >>> views = (fndrec.EraseItem(), fndrec.EraseItem())
    >>> student.fit(data.batches("train", 64, views=views), epochs=10)

    Reference: Kim et al. 2021.
    """

    def __init__(
        self,
        item_tower: Any,
        aggregator: Any,
        user_embedding: Any,
        score: Any,
        projection_dim: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            item_tower, aggregator, user_embedding, score, **kwargs
        )
        self.projection_dim = projection_dim
        self.projection = None
        self._distillation: Any = []
        self._teacher: Any = None
        # Set by `from_data`: what a teacher's targets are computed for.
        self._data: OutfitData | None = None
        self._contrastive: Any = None
        self._contrastive_weight = 0.0
        self._sublayers = Sublayers(self, sublayers)
        if projection_dim is not None:
            width = aggregator.dim
            seed = getattr(aggregator, "seed", None)
            hidden = self._sublayers.make(
                keras.layers.Dense,
                "hidden",
                units=width,
                activation="relu",
                kernel_initializer=keras.initializers.GlorotUniform(
                    seed=part_seed(seed, "hidden")
                ),
            )
            projected = self._sublayers.make(
                keras.layers.Dense,
                "projected",
                units=projection_dim,
                kernel_initializer=keras.initializers.GlorotUniform(
                    seed=part_seed(seed, "projection")
                ),
            )
            self.projection = keras.Sequential(
                [hidden, projected], name="projection"
            )
            self.projection.build((None, width))
        self._sublayers.check()

    @classmethod
    def from_data(
        cls,
        data: OutfitData,
        *,
        dim: int = 16,
        width: float = 0.08,
        contrastive: bool = False,
        backbone: Any = "alexnet",
        weights: str | None = None,
        num_blocks: int = 2,
        num_heads: int = 4,
        dropout: float = 0.1,
        use_id: bool | None = None,
        score: str = "cosine",
        temperature: float | None = None,
        unknown_rate: float = 0.05,
        aggregator: str | None = None,
        users: str = "table",
        num_anchors: int = 4,
        seed: int = 0,
    ) -> Self:
        """Returns a student for what `data` knows of its items.

        Args:
            data: The data set: its photos (if loaded), features, categories,
                ids and users decide on the towers.
            dim: Width of the user-outfit space.
            width: Factor on AlexNet's filters, see `ImageTower`.
            contrastive: Whether the student has a projection head for the
                contrastive loss.
            backbone: As in `FNDTeacher.from_data`.
            weights: As in `FNDTeacher.from_data`.
            num_blocks: As in `FNDTeacher.from_data`.
            num_heads: As in `FNDTeacher.from_data`.
            dropout: As in `FNDTeacher.from_data`.
            use_id: As in `FNDTeacher.from_data`.
            score: As in `FNDTeacher.from_data`.
            temperature: As in `FNDTeacher.from_data`.
            unknown_rate: As in `FNDTeacher.from_data`.
            aggregator: As in `FNDTeacher.from_data`.
            users: As in `FNDTeacher.from_data`.
            num_anchors: As in `FNDTeacher.from_data`.
            seed: Seed of all weights.

        Returns:
            The student, built, not compiled.

        Raises:
            ValueError: If an argument is out of its range.
        """
        parts = cls.parts_for(
            data,
            dim=dim,
            width=width,
            backbone=backbone,
            weights=weights,
            num_blocks=num_blocks,
            num_heads=num_heads,
            dropout=dropout,
            use_id=use_id,
            score=score,
            temperature=temperature,
            unknown_rate=unknown_rate,
            aggregator=aggregator,
            users=users,
            num_anchors=num_anchors,
            seed=seed,
        )
        model = cls(**parts, projection_dim=dim if contrastive else None)
        model.vocabulary = model.vocabulary_for(data)
        model._data = data
        return model

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        *,
        distillation: DistillationLoss
        | Sequence[DistillationLoss]
        | None = None,
        distillation_weights: Sequence[float] | None = None,
        teacher: OutfitRecommender | Teacher | None = None,
        contrastive: NTXent | None = None,
        contrastive_weight: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Configures the student for training.

        Args:
            optimizer: A Keras optimizer.
            loss: Ranking loss where there is no distillation; see
                `OutfitRecommender.compile`. Also what `evaluate` reports.
            metrics: See `OutfitRecommender.compile`.
            distillation: A `DistillationLoss`, such as
                `FalseNegativeDistillation` or `KnowledgeDistillation`, or a
                list of them, in place of `loss` in training.
            distillation_weights: Weights of the losses of a list; by default
                1 each.
            teacher: The trained teacher; or its targets, from
                `teacher.targets(data)`, to share them among students or to
                take other data than `from_data` was given.
            contrastive: Contrastive loss; `NTXent()` by default.
            contrastive_weight: Weight of the contrastive loss; 0 for none,
                above 0 batches need `views`. By default 0.1 for a student
                with a projection head, 0 for one without.
            **kwargs: See `OutfitRecommender.compile`.

        Raises:
            ValueError: If `distillation` is given without `teacher`, or the
                other way round; with another number of weights; if the
                teacher itself is given to a student that `from_data` did not
                make; or if the contrastive loss is given to a student
                without projection head.
            TypeError: If `teacher` or `distillation` is something else.
        """
        if (distillation is None) != (teacher is None):
            raise ValueError(
                "`distillation` and `teacher` should be given together. "
                f"Received: distillation={distillation}, teacher={teacher}"
            )
        if isinstance(teacher, OutfitRecommender):
            teacher = self._targets_of(teacher)
        elif not (teacher is None or isinstance(teacher, Teacher)):
            raise TypeError(
                "`teacher` should be a trained model, or its targets from "
                f"`teacher.targets(data)`. Received: {type(teacher).__name__}"
            )
        if contrastive_weight is None:
            contrastive_weight = 0.0 if self.projection is None else 0.1
        contrastive_weight = non_negative_float(
            "contrastive_weight", contrastive_weight
        )
        if contrastive_weight > 0 and self.projection is None:
            raise ValueError(
                "The contrastive loss needs a student with a projection "
                "head, `projection_dim`. Received: "
                f"contrastive_weight={contrastive_weight}, "
                f"projection_dim={self.projection_dim}"
            )
        if distillation is None:
            distillation = []
        elif not isinstance(distillation, Sequence):
            distillation = [distillation]
        for loss_of_teacher in distillation:
            if not isinstance(loss_of_teacher, DistillationLoss):
                raise TypeError(
                    "`distillation` should be a `fndrec.losses."
                    "DistillationLoss` or a list of them. Received: "
                    f"{type(loss_of_teacher).__name__}"
                )
        weights = distillation_weights
        if weights is None:
            weights = [1.0] * len(distillation)
        if len(weights) != len(distillation):
            raise ValueError(
                "`distillation_weights` should be one a distillation loss. "
                f"Received: {len(weights)} weights, {len(distillation)} "
                "losses"
            )
        self._distillation = list(zip(weights, distillation, strict=True))
        self._teacher = teacher
        self._contrastive = contrastive or NTXent()
        self._contrastive_weight = contrastive_weight
        super().compile(optimizer, loss, metrics, **kwargs)

    def _targets_of(self, teacher: OutfitRecommender) -> TeacherTargets:
        """Targets of a teacher for the data that made this student."""
        if self._data is None:
            raise ValueError(
                "A student that was loaded, or made without `from_data`, does "
                "not know the data of its teacher: pass "
                "`teacher=teacher.targets(data)`. Received: "
                f"teacher={type(teacher).__name__}"
            )
        return TeacherTargets.from_model(teacher, self._data)

    def get_compile_config(self) -> dict[str, Any]:
        config = super().get_compile_config()
        if config:
            # Not the distillation, which needs the teacher.
            config["contrastive"] = keras.saving.serialize_keras_object(
                self._contrastive
            )
            config["contrastive_weight"] = self._contrastive_weight
        return config

    def _loss_names(self) -> list[str]:
        names = ["loss"]
        if self._distillation:
            names.append("distillation_loss")
        if self._contrastive_weight > 0:
            names.append("contrastive_loss")
        return names

    def compute_loss(
        self, inputs: dict[str, Any], training: bool = False
    ) -> Any:
        items, users, outfits = self._encode(inputs, training)
        self._update_metrics(inputs, users, outfits)
        if not training or not self._distillation:
            loss = self._ranking_loss(inputs, users, outfits, training)
        else:
            scores = self._training_scores(inputs, users, outfits)
            loss = 0.0
            for part, distillation in self._distillation:
                targets = distillation.targets(
                    self._teacher, inputs, self._compiled.in_batch_negatives
                )
                loss += part * replicas.mean_loss(
                    distillation, targets, scores, inputs
                )
            self._track("distillation_loss", loss, inputs)
        if training and self._contrastive_weight > 0:
            term = self._contrastive_loss(items, inputs)
            self._track("contrastive_loss", term, inputs)
            loss = loss + self._contrastive_weight * term
        return loss

    def _contrastive_loss(self, items: Any, inputs: dict[str, Any]) -> Any:
        if "views" not in inputs:
            raise ValueError(
                "The contrastive loss needs batches with two views of each "
                "liked outfit: `data.batches(..., views=(EraseItem(), "
                f"EraseItem()))`, or a student made with `contrastive=False`. "
                f"Received: a batch of {sorted(inputs)}"
            )
        assert self.projection is not None
        views = self.encode_outfits(items, inputs["views"], training=True)
        projected = ops.reshape(
            self.projection(ops.reshape(views, (-1, views.shape[-1]))),
            (-1, 2, self.projection_dim),
        )
        projected = replicas.gathered(projected, inputs)
        return replicas.mean_loss(
            self._contrastive,
            projected[:, 0],
            projected[:, 1],
            inputs,
            of_all=True,
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["projection_dim"] = self.projection_dim
        return config | self._sublayers.config()
