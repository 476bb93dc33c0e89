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
        **kwargs: Any,
    ) -> Self:
        """A teacher for what `data` knows of its items.

        Args:
            data: The data set.
            dim: Width of the user-outfit space.
            width: Factor on AlexNet's filters.
            **kwargs: See `OutfitRecommender.parts_for`.

        Returns:
            The teacher, built, not compiled.
        """
        model = cls(**cls.parts_for(data, dim=dim, width=width, **kwargs))
        model.vocabulary = model.vocabulary_for(data)
        return model

    def targets(self, data: OutfitData, split: str = "train") -> TeacherTargets:
        """What a student learns from: computed once, not at every step.

        Args:
            data: The data set.
            split: Split whose likes give the radii.

        Returns:
            A `TeacherTargets`.
        """
        return TeacherTargets.from_model(self, data, split)
