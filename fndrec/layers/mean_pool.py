"""Outfit vectors as the mean of their items."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import positive_int


@keras.saving.register_keras_serializable("fndrec")
class MeanPool(keras.layers.Layer):
    """Outfit vectors as the mean of item vectors: items do not interact.

    Up to the length of the vector, the score of an outfit is then the mean of
    the scores of its items. This is the baseline of a `SetTransformer`.

    Args:
        dim: Width of item and outfit vectors.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        items: Float tensor `(items, dim)`, one row per distinct item.
        outfits: Integer tensor `(..., slots)`: positions on the item axis,
            -1 where a slot is empty. Each outfit has one item or more.
        training: Changes nothing.

    Returns:
        Float tensor `(..., dim)`, one vector per outfit.

    Raises:
        ValueError: If `dim` is not positive.

    Example:

    >>> pool = fndrec.layers.MeanPool(dim=2)
    >>> pool(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([[0, 1], [1, -1]]))
    <tf.Tensor: shape=(2, 2), ... [[1., 2.], [0., 4.]]>

    Reference: Cucurull et al. 2019 and Lu et al. 2019 use it as a baseline.
    """

    def __init__(self, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim = positive_int("dim", dim)

    def build(self, *_: Any, **__: Any) -> None:
        self.built = True

    def call(self, items: Any, outfits: Any, training: bool = False) -> Any:
        outfits = ops.convert_to_tensor(outfits)
        items = ops.cast(items, self.compute_dtype)
        vectors = ops.take(items, ops.maximum(outfits, 0), axis=0)
        present = ops.cast(ops.expand_dims(outfits >= 0, -1), vectors.dtype)
        return ops.sum(vectors * present, axis=-2) / ops.sum(present, axis=-2)

    def compute_output_shape(
        self, items_shape: Any, outfits_shape: Any
    ) -> tuple[Any, ...]:
        return (*outfits_shape[:-1], self.dim)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dim": self.dim}
