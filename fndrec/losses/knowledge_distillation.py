"""Distillation of the teacher's ranking of the candidates."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import fraction, positive_float
from fndrec.losses._matrices import matrices
from fndrec.losses.distillation_loss import DistillationLoss, Teacher


@keras.saving.register_keras_serializable("fndrec")
class KnowledgeDistillation(DistillationLoss):
    """Softmax ranking, mixed with the divergence from the teacher.

    With temperature `T`, and softmax over the candidates of a list, the loss
    of the list is

        (1 - weight) * -log softmax(student)[0]
        + weight * T^2 * KL(softmax(teacher / T) || softmax(student / T))

    The gradients of the second term shrink as `1 / T^2`. The factor `T^2`
    restores their size, so that `weight` means the same at every temperature.
    The divergence differs from the paper's cross-entropy by a constant: it is
    0 where student and teacher agree. Computed in float32.

    Args:
        temperature: Positive float. The higher, the more the teacher's order
            of unlikely candidates counts.
        weight: Float in [0, 1], weight of the teacher's term.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Call arguments:
        y_true: The teacher's scores `(batch, candidates)`.
        y_pred: The student's scores `(batch, candidates)`, the liked outfit
            in column 0.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar loss, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: If an argument is out of its range, or the shapes of
            `y_true` and `y_pred` differ.

    Example:

    >>> loss = fndrec.losses.KnowledgeDistillation(weight=1.0)
    >>> float(loss([[2.0, 1.0, 0.0]], [[2.0, 1.0, 0.0]]))
    0.0

    Reference:

    - Hinton et al. (2015), [Distilling the Knowledge in a Neural
      Network](https://arxiv.org/abs/1503.02531), section 2.
    """

    def __init__(
        self, temperature: float = 2.0, weight: float = 0.5, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.temperature = positive_float("temperature", temperature)
        self.weight = fraction("weight", weight)

    def targets(
        self, teacher: Teacher, batch: dict[str, Any], in_batch: bool
    ) -> Any:
        return teacher.scores(batch, in_batch)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        teacher, scores = matrices(y_true, y_pred, "(batch, candidates)")
        ranking = -ops.log_softmax(scores, axis=-1)[:, 0]
        teacher = ops.log_softmax(teacher / self.temperature, axis=-1)
        student = ops.log_softmax(scores / self.temperature, axis=-1)
        divergence = ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)
        return (1.0 - self.weight) * ranking + (
            self.weight * self.temperature**2 * divergence
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update({"temperature": self.temperature, "weight": self.weight})
        return config
