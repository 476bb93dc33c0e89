"""Distillation of the teacher's judgement of negatives."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import non_negative_float, positive_float
from fndrec.losses._matrices import matrices
from fndrec.losses.distillation_loss import DistillationLoss, Teacher


@keras.saving.register_keras_serializable("fndrec")
class FalseNegativeDistillation(DistillationLoss):
    """Softmax ranking in which false negatives are pushed away less.

    With the student's score `s+` of the liked outfit, its scores `s_j` of
    the negatives, and the teacher's z-score `z_j` of their distance (see
    `distance_zscore`), the loss of a list is

        z_j  = clip(z_j, -clip, clip)
        loss = -log( exp(s+) / (exp(s+) + sum_j exp(s_j + alpha * z_j)) )

    A negative is pushed away by the gradient of its score, which is its share
    of this softmax. A negative nearer to the user than the user's likes
    (`z_j < 0`) is, to the teacher, a false negative: an outfit the user would
    like but has not seen. Adding `alpha * z_j` to its score makes its share
    smaller, so it is pushed less. A sure negative (`z_j > 0`) is pushed more.
    With `alpha=0` this is `SoftmaxRanking`. Computed in float32.

    The sign follows the idea in the paper's abstract and name. The equation
    itself was not at hand. The only summary that could be read in full
    describes the opposite sign, without division by the deviation.

    Args:
        alpha: Non-negative float, weight of the z-score beside the scores.
            Scores are cosines over a temperature, so the best `alpha` depends
            on that temperature. Choose it on validation data.
        clip: The z-score is clipped to `[-clip, clip]`; `None` for no clipping.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Call arguments:
        y_true: The teacher's z-scores `(batch, candidates)`. Column 0, the
            liked outfit, is not used.
        y_pred: The student's scores `(batch, candidates)`, the liked outfit
            in column 0.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar loss, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: If `alpha` is negative, `clip` not positive, or the shapes
            of `y_true` and `y_pred` differ.

    Example:

    >>> loss = fndrec.losses.FalseNegativeDistillation(alpha=1.0)
    >>> round(float(loss([[0.0, -3.0]], [[1.0, 1.0]])), 4)  # a false negative
    0.0486
    >>> round(float(loss([[0.0, 3.0]], [[1.0, 1.0]])), 4)  # a sure one
    3.0486
    """

    def __init__(
        self, alpha: float = 2.0, clip: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.alpha = non_negative_float("alpha", alpha)
        self.clip = None if clip is None else positive_float("clip", clip)

    def targets(
        self, teacher: Teacher, batch: dict[str, Any], in_batch: bool
    ) -> Any:
        return teacher.distance_zscore(batch, in_batch)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        z, scores = matrices(y_true, y_pred, "(batch, candidates)")
        liked, negatives = scores[:, :1], scores[:, 1:]
        z = z[:, 1:]
        if self.clip is not None:
            z = ops.clip(z, -self.clip, self.clip)
        logits = ops.concatenate([liked, negatives + self.alpha * z], axis=-1)
        return -ops.log_softmax(logits, axis=-1)[:, 0]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update({"alpha": self.alpha, "clip": self.clip})
        return config
