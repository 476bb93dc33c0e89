"""Augmentation that replaces an item by a similar one."""

from typing import Any

import keras
import numpy as np
from keras import ops

from fndrec.data.views._augmentation import Augmentation


@keras.saving.register_keras_serializable("fndrec")
class ReplaceItem(Augmentation):
    """Replaces one random item of each outfit by a similar item.

    Items that are already in the outfit are never chosen, so outfits hold no
    item twice. An outfit stays as it is if none of its items has a
    replacement. The layer works on any padded sets of integer items; apply it
    with `ds.map(layer)`.

    Args:
        similar: Integer array `(items, k)`: the rows of the items that may
            replace each item, padded with -1; see `similar_items`.
        seed: Seed of the layer's own draws.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        outfits: Integer tensor `(..., slots)` of item rows, -1 in empty
            slots.
        noise: Uniform floats `(..., 2)` in [0, 1) to use instead of the
            layer's own draws, which makes the call a pure function.

    Returns:
        Integer tensor of the same shape.

    Raises:
        ValueError: If `similar` is not a two-dimensional integer array with
            at least one column.

    Example:

    >>> layer = fndrec.ReplaceItem(similar=[[1], [0], [-1]], seed=0)
    >>> layer(np.array([[0, 2, -1]]))
    <tf.Tensor: shape=(1, 3), dtype=int64, numpy=array([[ 1,  2, -1]])>

    Reference: Kim et al. 2021, the augmentation *replace*.
    """

    def __init__(
        self, similar: Any, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        table = np.asarray(similar)
        if table.ndim != 2 or not table.size or table.dtype.kind not in "iu":
            raise ValueError(
                "`similar` should be a two-dimensional integer array "
                f"(items, k). Received: shape={table.shape}, "
                f"dtype={table.dtype}"
            )
        self.similar = self.add_weight(
            shape=table.shape,
            dtype="int32",
            initializer=keras.initializers.Constant(-1),
            trainable=False,
            name="similar",
        )
        self.similar.assign(table.astype("int32"))

    def call(self, outfits: Any, noise: Any = None) -> Any:
        outfits = ops.convert_to_tensor(outfits)
        noise = self.draws(outfits, noise)
        options = ops.take(self.similar, ops.maximum(outfits, 0), axis=0)
        options = ops.cast(options, outfits.dtype)
        # (..., slots, k, slots): is the option already in the outfit?
        present = ops.expand_dims(options, -1) == outfits[..., None, None, :]
        usable = ops.logical_and(options >= 0, ~ops.any(present, axis=-1))
        usable = ops.logical_and(usable, ops.expand_dims(outfits >= 0, -1))
        slot = self.choose(ops.any(usable, axis=-1), noise[..., 0])
        option = self.choose(usable, ops.expand_dims(noise[..., 1], -1))
        replacement = ops.max(ops.where(option, options, -1), axis=-1)
        return ops.where(slot, replacement, outfits)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["similar"] = ops.convert_to_numpy(self.similar).tolist()
        return config
