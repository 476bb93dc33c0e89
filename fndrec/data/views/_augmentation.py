"""Base class of the augmentation layers."""

from typing import Any

import keras
from keras import ops

from fndrec import checks


class Augmentation(keras.layers.Layer):
    """Base class of layers that change one random item of each outfit.

    Args:
        seed: Seed of the layer's own draws.
        **kwargs: Passed to `keras.layers.Layer`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        # Half precision would distort the draws.
        super().__init__(autocast=False, **kwargs)
        self.seed = seed = checks.optional_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def build(self, *_: Any, **__: Any) -> None:
        self.built = True

    def draws(self, outfits: Any, noise: Any) -> Any:
        """Returns `noise`, or else two draws of the layer per outfit."""
        if noise is not None:
            return ops.cast(noise, "float32")
        shape = (*ops.shape(outfits)[:-1], 2)
        return keras.random.uniform(shape, seed=self.seed_generator)

    def choose(self, allowed: Any, draw: Any) -> Any:
        """Chooses one of the allowed slots of each outfit.

        Args:
            allowed: Boolean `(..., slots)`.
            draw: Uniform float `(...)` in [0, 1).

        Returns:
            Boolean mask `(..., slots)`, all false if no slot is allowed.
        """
        allowed_int = ops.cast(allowed, "int32")
        count = ops.sum(allowed_int, axis=-1)
        chosen = ops.floor(draw * ops.cast(count, "float32"))
        # The product can round up to `count` itself.
        chosen = ops.minimum(
            ops.cast(chosen, "int32"), ops.maximum(count - 1, 0)
        )
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
