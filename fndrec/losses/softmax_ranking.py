"""Softmax cross-entropy of the liked outfit."""

from typing import Any

import keras
from keras import ops

from fndrec.losses._matrices import matrices


@keras.saving.register_keras_serializable("fndrec")
class SoftmaxRanking(keras.losses.Loss):
    """Softmax cross-entropy of the liked outfit among its candidates.

    The loss of a list is `-log softmax(scores)[liked]`. With several liked
    outfits it is their mean, weighted by relevance; with none it is 0.
    Computed in float32.

    Args:
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Call arguments:
        y_true: Relevance `(batch, candidates)`: 1 for the liked outfit, 0
            for the others.
        y_pred: Scores `(batch, candidates)`.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar loss, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: If the shapes of `y_true` and `y_pred` differ.

    Example:

    >>> loss = fndrec.losses.SoftmaxRanking()
    >>> round(float(loss([[1, 0, 0]], [[0.0, 0.0, 0.0]])), 4)  # log(3)
    1.0986
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        relevance, scores = matrices(y_true, y_pred, "(batch, candidates)")
        log_share = ops.log_softmax(scores, axis=-1)
        return ops.divide_no_nan(
            -ops.sum(relevance * log_share, axis=-1),
            ops.sum(relevance, axis=-1),
        )
