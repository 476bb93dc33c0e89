"""Bayesian personalized ranking."""

from typing import Any

import keras
from keras import ops

from fndrec.losses._matrices import matrices


@keras.saving.register_keras_serializable("fndrec")
class BPR(keras.losses.Loss):
    """Bayesian personalized ranking of pairs of candidates.

    The loss of a list is the mean of `-log sigmoid(s_liked - s_other)` over
    all pairs of a liked outfit and another one. A list without such a pair
    has loss 0. Memory grows with the square of the number of candidates.
    Computed in float32.

    Args:
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Call arguments:
        y_true: Labels `(batch, candidates)`, above 0 for a liked outfit.
        y_pred: Scores `(batch, candidates)`.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar loss, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: If the shapes of `y_true` and `y_pred` differ.

    Example:

    >>> loss = fndrec.losses.BPR()
    >>> round(float(loss([[1, 0, 0]], [[0.0, 0.0, 0.0]])), 4)  # log(2)
    0.6931

    Reference:

    - Rendle et al. (2009), [BPR: Bayesian Personalized Ranking from Implicit
      Feedback](https://arxiv.org/abs/1205.2618), section 4.1.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        labels, scores = matrices(y_true, y_pred, "(batch, candidates)")
        liked = ops.cast(labels > 0, "float32")
        margin = ops.expand_dims(scores, 2) - ops.expand_dims(scores, 1)
        pairs = ops.expand_dims(liked, 2) * ops.expand_dims(1.0 - liked, 1)
        return ops.divide_no_nan(
            ops.sum(pairs * ops.softplus(-margin), axis=(1, 2)),
            ops.sum(pairs, axis=(1, 2)),
        )
