"""The teacher."""

from typing import Any, Self

import keras

from fndrec.data import OutfitData
from fndrec.models.recommender import OutfitRecommender
from fndrec.models.teacher_targets import TeacherTargets


@keras.saving.register_keras_serializable("fndrec")
class FNDTeacher(OutfitRecommender):
    """The large model, trained on likes against sampled negatives.

    Its loss is the softmax cross-entropy of the liked outfit among its
    candidates. Once trained it is frozen, and `knowledge` gives a student
    what it needs of it.

    Args:
        item_tower: An `ItemTower`.
        aggregator: See `OutfitRecommender`.
        user_embedding: See `OutfitRecommender`.
        score: An `OutfitScore`.
        **kwargs: Passed to `keras.Model`.

    Example:

    >>> teacher = fndrec.FNDTeacher.from_data(data)
    >>> teacher.compile(keras.optimizers.Adam(1e-3))
    >>> teacher.fit(data.batches("train", 64), epochs=10)
    >>> targets = teacher.targets(data)

    Reference: Kim et al. 2021, the teacher.
    """

    @classmethod
    def from_data(
        cls,
        data: OutfitData,
        *,
        dim: int = 64,
        width: float = 0.25,
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
        """Returns a teacher for what `data` knows of its items.

        Args:
            data: The data set: its photos (if loaded), features, categories,
                ids and users decide on the towers.
            dim: Width of the user-outfit space.
            width: Factor on AlexNet's filters, see `ImageTower`.
            backbone: Network of the photos, see `ImageTower`.
            weights: Pretrained weights, see `ImageTower`.
            num_blocks: Self-attention blocks of the aggregator.
            num_heads: Attention heads of the aggregator.
            dropout: Dropout rate of the towers of photos and features.
            use_id: Whether each item has a vector of its own; by default only
                if nothing else is known of the items. Such a vector knows
                nothing of a new item, and learns few likes by heart.
            score: Kind of score, see `OutfitScore`.
            temperature: Temperature of the score; by default
                `0.8 / sqrt(dim)`, which follows the spread of the cosines of
                random unit vectors.
            unknown_rate: Share of ids hidden in training, see `IdEmbedding`.
            aggregator: `"set_transformer"`; `"mean"`, see `MeanPool`; or
                `"codes"`, binary codes, see `CodePool`. By default
                `"set_transformer"`, or `"mean"` if users share outfits of
                items known by their ids alone.
            users: `"table"`, a vector for each user; `"history"`, computed
                from liked outfits, see `UserHistoryEncoder`; `"anchors"`,
                several vectors for each user, see `UserAnchors`; or
                `"codes"`, a binary code for each user, see `UserCodes`.
            num_anchors: Vectors of each user of `"anchors"`.
            seed: Seed of all weights.

        Returns:
            The teacher, built, not compiled.

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
        model = cls(**parts)
        model.vocabulary = model.vocabulary_for(data)
        return model

    def targets(self, data: OutfitData, split: str = "train") -> TeacherTargets:
        """Computes what a student learns from, once for all steps.

        Args:
            data: The data set.
            split: Split whose likes define the radii of the users.

        Returns:
            The targets, for `FNDStudent.compile(teacher=...)`.
        """
        return TeacherTargets.from_model(self, data, split)
