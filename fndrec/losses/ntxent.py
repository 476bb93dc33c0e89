"""Contrastive loss between two views."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import positive_float
from fndrec.losses._matrices import matrices


@keras.saving.register_keras_serializable("fndrec")
class NTXent(keras.losses.Loss):
    """Normalized temperature-scaled cross-entropy between two views.

    Each of the `2 * batch` views is classified among all others: the right
    class is its partner, the other view of the same outfit. Logits are cosines
    divided by `temperature`. The loss of an outfit is the mean over its two
    views. A view with `sample_weight` 0 is still a negative of the others. The
    loss is symmetric in its two arguments. Computed in float32.

    Args:
        temperature: Positive float, divides the cosines.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Call arguments:
        y_true: Embeddings of the first views `(batch, dim)`, of any length.
        y_pred: Embeddings of the second views `(batch, dim)`.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar loss, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: If `temperature` is not positive, or the shapes of
            `y_true` and `y_pred` differ.

    Example:

    >>> loss = fndrec.losses.NTXent(temperature=1.0)
    >>> views = [[1.0, 0.0], [0.0, 1.0]]
    >>> round(float(loss(views, views)), 4)  # log(e + 2) - 1
    0.5514

    Reference:

    - Chen et al. (2020), [A Simple Framework for Contrastive Learning of
      Visual Representations](https://arxiv.org/abs/2002.05709), equation 1.
    """

    def __init__(self, temperature: float = 0.2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.temperature = positive_float("temperature", temperature)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        first, second = matrices(y_true, y_pred, "(batch, dim)")
        first, second = _unit(first), _unit(second)
        views = ops.concatenate([first, second], axis=0)
        logits = ops.matmul(views, ops.transpose(views)) / self.temperature
        index = ops.arange(ops.shape(views)[0])
        itself = ops.equal(ops.expand_dims(index, 1), index)
        # The denominator: all views but the view itself.
        total = ops.logsumexp(ops.where(itself, float("-inf"), logits), axis=-1)
        partner = ops.sum(first * second, axis=-1) / self.temperature
        return ops.mean(ops.reshape(total, (2, -1)), axis=0) - partner

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["temperature"] = self.temperature
        return config


def _unit(vectors: Any) -> Any:
    """Normalizes; unlike `ops.normalize`, its gradient at 0 is not NaN."""
    square = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(square, 1e-12))
