"""Self-attention among the items of a set."""

from typing import Any

import keras
from keras import ops

from fndrec.layers._checks import positive_int, rate
from fndrec.layers._seeds import part_seed


@keras.saving.register_keras_serializable("fndrec")
class SetAttentionBlock(keras.layers.Layer):
    """Every item of a set looks at the others: the SAB of Set Transformer.

    Multi-head self-attention, then a feed-forward layer, both residual. The
    normalisation stands before each (pre-norm), which needs no warm-up.
    No positions enter: the order of the items changes nothing.

    Args:
        dim: Width of the item vectors.
        num_heads: Number of attention heads; divides `dim`.
        dropout: Dropout rate of both residual branches.
        seed: Seed of weights and dropout.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        x: Float tensor `(sets, items, dim)`.
        present: Boolean tensor `(sets, items)`, false where there is no item.
        projected: What `project(x)` gives, when the caller has it already:
            the first block of an outfit projects each distinct item once.
        training: Whether dropout is applied.

    Returns:
        Float tensor `(sets, items, dim)`. Rows of absent items hold no
        meaning.

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = positive_int("dim", dim)
        self.num_heads = positive_int("num_heads", num_heads)
        if dim % num_heads:
            raise ValueError(
                "`num_heads` should divide `dim`. "
                f"Received: num_heads={num_heads}, dim={dim}"
            )
        self.seed = seed
        policy = self.dtype_policy

        def dense(units: int, name: str, **kwargs: Any) -> Any:
            return keras.layers.Dense(
                units,
                kernel_initializer=keras.initializers.GlorotUniform(
                    seed=part_seed(seed, name)
                ),
                name=name,
                dtype=policy,
                **kwargs,
            )

        self.norm = keras.layers.LayerNormalization(name="norm", dtype=policy)
        self.projection = dense(3 * dim, "projection")
        self.mix = dense(dim, "mix")
        self.inner_norm = keras.layers.LayerNormalization(
            name="inner_norm", dtype=policy
        )
        self.inner = dense(2 * dim, "inner", activation="relu")
        self.outer = dense(dim, "outer")
        self.dropout = keras.layers.Dropout(
            rate("dropout", dropout),
            seed=part_seed(seed, "dropout"),
            dtype=policy,
        )

    def build(self, input_shape: Any = None, *_: Any, **__: Any) -> None:
        shape = (None, None, self.dim)
        for layer in (self.norm, self.projection, self.mix):
            layer.build(shape)
        for layer in (self.inner_norm, self.inner, self.dropout):
            layer.build(shape)
        self.outer.build((None, None, 2 * self.dim))
        self.built = True

    def project(self, x: Any) -> Any:
        """Queries, keys and values of each item: `(..., dim)` to 3 dim."""
        return self.projection(self.norm(x))

    def call(
        self,
        x: Any,
        present: Any = None,
        projected: Any = None,
        training: bool = False,
    ) -> Any:
        if projected is None:
            projected = self.project(x)
        x = ops.cast(x, self.compute_dtype)
        size = ops.shape(x)[1]
        shape = (-1, size, self.num_heads, self.dim // self.num_heads)
        # Not slices of one array: their gradients would each be as large.
        query, key, value = (
            ops.reshape(part, shape)
            for part in ops.split(projected, 3, axis=-1)
        )
        logits = ops.einsum("nqhd,nkhd->nhqk", query, key)
        logits = ops.cast(logits, "float32") / (self.dim // self.num_heads) ** (
            0.5
        )
        if present is not None:
            logits = ops.where(present[:, None, None, :], logits, -1e9)
        weights = ops.cast(ops.softmax(logits, axis=-1), self.compute_dtype)
        mixed = ops.einsum("nhqk,nkhd->nqhd", weights, value)
        mixed = self.mix(ops.reshape(mixed, (-1, size, self.dim)))
        x = x + self.dropout(mixed, training=training)
        inner = self.outer(self.inner(self.inner_norm(x)))
        return x + self.dropout(inner, training=training)

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
            }
        )
        return config
