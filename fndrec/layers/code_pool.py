"""Outfit vectors from binary codes of items."""

from typing import Any

import keras
from keras import ops

from fndrec.layers._straight_through import sign
from fndrec.layers.mean_pool import MeanPool


@keras.saving.register_keras_serializable("fndrec")
class CodePool(MeanPool):
    """Outfit vectors as the weighted mean of binary codes of items.

    The code of an item is the sign of each number of its vector: `dim` bits,
    or `dim / 8` bytes. The layer learns a weight for each bit, as
    Fashion-Hash-Net does. In training, the gradient of the sign is that of
    `tanh`.

    Args:
        dim: Number of bits, and width of the outfit vectors.
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

    >>> pool = fndrec.layers.CodePool(dim=2)
    >>> pool(np.array([[2.0, -3.0], [0.5, 4.0]]), np.array([[0, 1]]))
    <tf.Tensor: shape=(1, 2), ... [[1., 0.]]>

    Reference: Lu et al. 2019, Learning Binary Code for Personalized Fashion
    Recommendation, section 4 (weighted hashing of user-item pairs; the
    pairs of items, which are the same for all users, are left out).
    """

    def build(self, *_: Any, **__: Any) -> None:
        self.weight = self.add_weight(
            shape=(self.dim,), initializer="ones", name="weight"
        )
        self.built = True

    def call(self, items: Any, outfits: Any, training: bool = False) -> Any:
        codes = sign(ops.cast(items, self.compute_dtype))
        pooled = super().call(codes, outfits, training)
        return pooled * ops.cast(self.weight, self.compute_dtype)
