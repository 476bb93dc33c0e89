"""Augmentation that removes an item."""

from typing import Any

import keras
from keras import ops

from fndrec.data.views._augmentation import Augmentation


@keras.saving.register_keras_serializable("fndrec")
class EraseItem(Augmentation):
    """Removes one random item of each outfit.

    An outfit with only one item stays as it is. The layer works on any
    padded sets of integer items; apply it with `ds.map(layer)`.

    Args:
        seed: Seed of the layer's own draws.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        outfits: Integer tensor `(..., slots)`, -1 in empty slots.
        noise: Uniform floats `(..., 2)` in [0, 1) to use instead of the
            layer's own draws, which makes the call a pure function.

    Returns:
        Integer tensor of the same shape, -1 in the slot of the removed item.

    Example:

    >>> outfits = tf.data.Dataset.from_tensor_slices([[4, 7, -1], [1, 2, 3]])
    >>> views = outfits.map(fndrec.EraseItem(seed=0))

    Reference: Kim et al. 2021, the augmentation *erase*.
    """

    def call(self, outfits: Any, noise: Any = None) -> Any:
        outfits = ops.convert_to_tensor(outfits)
        present = outfits >= 0
        noise = self.draws(outfits, noise)
        chosen = self.choose(present, noise[..., 0])
        several = ops.sum(ops.cast(present, "int32"), axis=-1) > 1
        chosen = ops.logical_and(chosen, ops.expand_dims(several, -1))
        return ops.where(chosen, ops.cast(-1, outfits.dtype), outfits)
