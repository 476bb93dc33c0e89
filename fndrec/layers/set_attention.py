"""Self-attention among the items of a set."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import optional_seed, positive_int, rate
from fndrec.layers._attention import attend
from fndrec.layers.folded_dense import FoldedDense, center
from fndrec.layers.seeds import part_seed
from fndrec.layers.sublayers import Changes, Sublayers
from fndrec.layers.unscaled_layer_normalization import (
    UnscaledLayerNormalization,
)


@keras.saving.register_keras_serializable("fndrec")
class SetAttentionBlock(keras.layers.Layer):
    """Every item of a set looks at the others: the SAB of Set Transformer.

    Multi-head self-attention, then a feed-forward layer, both residual. The
    normalisation stands before each (pre-norm), which needs no warm-up.
    No positions enter: the order of the items changes nothing.

    As whatever reads the vectors normalizes them first, their mean over `dim`
    has no meaning: it is 0 in what the layer returns. That, and scales and
    offsets folded into the kernels after them, make the layer twice as fast
    as one of `MultiHeadAttention` and `LayerNormalization`.

    Args:
        dim: Width of the item vectors.
        num_heads: Number of attention heads; divides `dim`.
        dropout: Dropout rate of both residual branches.
        seed: Seed of weights and dropout.
        sublayers: Arguments of sublayers that differ from the default, by
            name of the sublayer: `{"inner": {"activation": "gelu"}}`. Their
            names are `norm`, `projection`, `mix`, `inner_norm`, `inner`
            and `outer`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        x: Float tensor `(sets, items, dim)`.
        present: Boolean tensor `(sets, items)`, false where there is no item.
        projected: What `project` gives for the items, three tensors
            `(sets, items, dim)`, when the caller has it already: the first
            block of an outfit projects each distinct item once. `x` must
            have mean 0 over `dim` then.
        training: Whether dropout is applied.

    Returns:
        Float tensor `(sets, items, dim)` of mean 0 over `dim`. Rows of
        absent items hold no meaning.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> block = fndrec.layers.SetAttentionBlock(dim=64, num_heads=4)
    >>> block(np.zeros((2, 3, 64)), present=np.ones((2, 3), bool)).shape
    TensorShape([2, 3, 64])

    Reference: Lee et al. 2019, Set Transformer, equations 6 to 8.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int = 4,
        dropout: float = 0.0,
        seed: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = dim = positive_int("dim", dim)
        self.num_heads = num_heads = positive_int("num_heads", num_heads)
        if dim % num_heads:
            raise ValueError(
                "`num_heads` should divide `dim`. "
                f"Received: num_heads={num_heads}, dim={dim}"
            )
        self.seed = seed = optional_seed(seed)
        self._sublayers = Sublayers(self, sublayers)

        def dense(units: int, name: str, **kwargs: Any) -> Any:
            return self._sublayers.make(
                FoldedDense,
                name,
                units=units,
                kernel_initializer=keras.initializers.GlorotUniform(
                    seed=part_seed(seed, name)
                ),
                **kwargs,
            )

        def norm(name: str) -> Any:
            return self._sublayers.make(UnscaledLayerNormalization, name)

        self.norm = norm("norm")
        # Queries are scaled by their kernel, which is smaller than they are.
        scale = (dim // num_heads) ** -0.5
        self.projection = dense(
            3 * dim, "projection", part_scales=(scale, 1.0, 1.0)
        )
        self.mix = dense(dim, "mix", center=True)
        self.inner_norm = norm("inner_norm")
        self.inner = dense(2 * dim, "inner", activation="relu")
        self.outer = dense(dim, "outer", center=True)
        self._sublayers.check()
        self.dropout = keras.layers.Dropout(
            rate("dropout", dropout),
            seed=part_seed(seed, "dropout"),
            dtype=self.dtype_policy,
        )

    def build(self, input_shape: Any = None, *_: Any, **__: Any) -> None:
        shape = (None, None, self.dim)
        for layer in (self.norm, self.projection, self.mix):
            layer.build(shape)
        for layer in (self.inner_norm, self.inner, self.dropout):
            layer.build(shape)
        self.outer.build((None, None, 2 * self.dim))
        self.built = True

    def project(self, x: Any) -> tuple[Any, Any, Any]:
        """Queries, keys and values of each item.

        Args:
            x: Float tensor `(..., dim)` of mean 0 over `dim`.

        Returns:
            Three float tensors `(items, dim)`; queries are scaled by
            `1 / sqrt(dim / num_heads)`.
        """
        x = self.norm(ops.reshape(x, (-1, self.dim)))
        query, key, value = self.projection(*x)
        return query, key, value

    def call(
        self,
        x: Any,
        present: Any = None,
        projected: Any = None,
        training: bool = False,
    ) -> Any:
        x = ops.cast(x, self.compute_dtype)
        shape = ops.shape(x)
        x = ops.reshape(x, (-1, self.dim))
        if projected is None:
            x = center(x)
            projected = self.project(x)
        query, key, value = (
            ops.reshape(part, (-1, shape[1], self.dim)) for part in projected
        )
        mixed = attend(query, key, value, present, self.num_heads)
        mixed = self.mix(ops.reshape(mixed, (-1, self.dim)))
        x = x + self.dropout(mixed, training=training)
        inner = self.outer(self.inner(*self.inner_norm(x)))
        x = x + self.dropout(inner, training=training)
        return ops.reshape(x, shape)

    def compute_output_shape(self, input_shape: Any, *_: Any, **__: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "dim": self.dim,
                "num_heads": self.num_heads,
                "dropout": self.dropout.rate,
                "seed": self.seed,
                **self._sublayers.config(),
            }
        )
        return config
