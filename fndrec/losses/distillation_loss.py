"""The contract of losses that learn from a teacher."""

from typing import Any, Protocol, runtime_checkable

import keras


@runtime_checkable
class Teacher(Protocol):
    """What a loss may ask of a teacher: `fndrec.models.TeacherTargets`."""

    def scores(self, batch: dict[str, Any], in_batch: bool = False) -> Any:
        """Returns the teacher's scores `(batch, candidates)`."""

    def distance_zscore(
        self, batch: dict[str, Any], in_batch: bool = False
    ) -> Any:
        """Returns distances in deviations from the user's radius."""


class DistillationLoss(keras.losses.Loss):
    """A loss of a student's scores that learns from a frozen teacher.

    Subclass it, with `call` of any Keras loss and one method more,
    `targets`, which asks the teacher for what `call` takes as `y_true`.

    Args:
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Example:

    >>> class ScoreMatching(fndrec.losses.DistillationLoss):
    ...     def targets(self, teacher, batch, in_batch):
    ...         return teacher.scores(batch, in_batch)
    ...
    ...     def call(self, y_true, y_pred):
    ...         return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)
    >>> student.compile(distillation=ScoreMatching(), teacher=teacher)

    Reference: Hinton, Vinyals, Dean 2015, Distilling the Knowledge in a
    Neural Network.
    """

    def targets(
        self, teacher: Teacher, batch: dict[str, Any], in_batch: bool
    ) -> Any:
        """Returns `y_true` of a batch, from the teacher.

        Args:
            teacher: A `fndrec.models.TeacherTargets`, with the methods
                `scores(batch, in_batch)` and
                `distance_zscore(batch, in_batch)`.
            batch: The batch, as the student takes it.
            in_batch: Whether the candidates of the whole batch follow each
                like's own. Pass it on, so that columns match the student's.

        Returns:
            Float tensor `(batch, columns)`, one value for each score of the
            student.
        """
        raise NotImplementedError(
            f"{type(self).__name__} should define `targets(teacher, batch, "
            "in_batch)`."
        )
