"""What the augmentation layers have in common."""

from typing import Any

import keras
from keras import ops

from fndrec import checks


class Augmentation(keras.layers.Layer):
    """Base of layers that change one item of each outfit at random.

    Args:
        seed: Seed of the layer's own draws.
        **kwargs: Passed to `keras.layers.Layer`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        # Draws are compared with thresholds: no half precision for them.
        super().__init__(autocast=False, **kwargs)
        if seed is not None:
            seed = checks.non_negative_int("seed", seed)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def build(self, *_: Any, **__: Any) -> None:
        self.built = True

    def draws(self, outfits: Any, noise: Any) -> Any:
        """`noise`, or two draws of the layer's own for each outfit."""
        if noise is not None:
            return ops.cast(noise, "float32")
        shape = (*ops.shape(outfits)[:-1], 2)
        return keras.random.uniform(shape, seed=self.seed_generator)

    def choose(self, allowed: Any, draw: Any) -> Any:
        """One of the allowed slots of each outfit, as a boolean mask.

        Args:
            allowed: Boolean `(..., slots)`.
            draw: Uniform float `(...)` in [0, 1).

        Returns:
            Boolean `(..., slots)`, all false where nothing is allowed.
        """
        allowed_int = ops.cast(allowed, "int32")
        count = ops.sum(allowed_int, axis=-1)
        chosen = pick(draw, count)
        rank = ops.cumsum(allowed_int, axis=-1) - 1
        return ops.logical_and(allowed, rank == ops.expand_dims(chosen, -1))

    def compute_output_shape(self, input_shape: Any, *_: Any) -> Any:
        return input_shape

    def compute_output_spec(
        self, outfits: Any, *_: Any, **__: Any
    ) -> keras.KerasTensor:
        return keras.KerasTensor(outfits.shape, outfits.dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["seed"] = self.seed
        return config


def pick(draw: Any, count: Any) -> Any:
    """An integer in `[0, count)` from a uniform draw in [0, 1)."""
    scaled = ops.floor(draw * ops.cast(count, "float32"))
    # The product can round up to `count` itself.
    return ops.minimum(ops.cast(scaled, "int32"), ops.maximum(count - 1, 0))
