"""Outfits from the vectors of their items."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import optional_seed, positive_int, rate
from fndrec.layers._attention import softmax
from fndrec.layers.folded_dense import FoldedDense, center
from fndrec.layers.seeds import part_seed
from fndrec.layers.set_attention import SetAttentionBlock
from fndrec.layers.sublayers import Changes, Sublayers
from fndrec.layers.unscaled_layer_normalization import (
    UnscaledLayerNormalization,
)


@keras.saving.register_keras_serializable("fndrec")
class SetTransformer(keras.layers.Layer):
    """Outfit vectors from sets of item vectors, whatever their order.

    Self-attention blocks among the items, then pooling by multi-head
    attention with one learned seed, as in the paper's teacher and student.

    Outfits are given as positions on the axis of the distinct items, so that
    what depends on an item alone is computed once for each, not once for each
    outfit it stands in. The pooling seed is a constant: its query and the
    key projection meet only in their product, which is what is learned.

    Args:
        dim: Width of item and outfit vectors.
        num_blocks: Number of self-attention blocks.
        num_heads: Number of attention heads; divides `dim`.
        dropout: Dropout rate of the residual branches.
        seed: Seed of weights and dropout.
        sublayers: Arguments of sublayers that differ from the default, by
            name of the sublayer: `{"inner": {"activation": "gelu"}}`. Their
            names are `block_0` and so on, `norm`, `seed` (the logits of
            the pooling), `value`, `mix`, `inner_norm`, `inner`, `outer`,
            `last_norm` and `last`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        items: Float tensor `(items, dim)`, one row a distinct item.
        outfits: Integer tensor `(..., slots)`: positions on the item axis,
            -1 where a slot is empty. Each outfit has one item or more.
        training: Whether dropout is applied.
        return_attention_scores: Whether the weights of the pooling are
            returned too: how much its seed looks at each item, as the item
            stands among the others.

    Returns:
        Float tensor `(..., dim)`, one vector an outfit, of any length. If
        asked for, a second one, float32 `(..., num_heads, slots)`: of each
        head at least 0, with the sum 1, and 0 where a slot is empty.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> aggregator = fndrec.layers.SetTransformer(dim=64)
    >>> items = np.random.default_rng(0).normal(size=(5, 64))
    >>> aggregator(items, np.array([[0, 3, -1], [4, 1, 2]])).shape
    TensorShape([2, 64])
    >>> _, weights = aggregator(
    ...     items, np.array([[0, 3, -1]]), return_attention_scores=True)
    >>> weights.shape
    TensorShape([1, 4, 3])

    Reference: Lee et al. 2019, Set Transformer, equations 6 to 11.
    """

    def __init__(
        self,
        dim: int,
        num_blocks: int = 2,
        num_heads: int = 4,
        dropout: float = 0.0,
        seed: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = dim = positive_int("dim", dim)
        self.num_blocks = num_blocks = positive_int("num_blocks", num_blocks)
        self.num_heads = num_heads = positive_int("num_heads", num_heads)
        self.dropout = rate("dropout", dropout)
        self.seed = seed = optional_seed(seed)
        self._sublayers = Sublayers(self, sublayers)
        self.blocks = [
            self._sublayers.make(
                SetAttentionBlock,
                f"block_{i}",
                dim=dim,
                num_heads=num_heads,
                dropout=dropout,
                seed=part_seed(seed, f"block_{i}"),
            )
            for i in range(num_blocks)
        ]

        def dense(units: int, name: str, **kwargs: Any) -> Any:
            kwargs.setdefault(
                "kernel_initializer",
                keras.initializers.GlorotUniform(seed=part_seed(seed, name)),
            )
            return self._sublayers.make(
                FoldedDense, name, units=units, **kwargs
            )

        def norm(name: str) -> Any:
            return self._sublayers.make(UnscaledLayerNormalization, name)

        self.norm = norm("norm")
        # A short seed looks at all items alike in the beginning.
        self.attention = dense(
            num_heads,
            "seed",
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(
                stddev=0.02, seed=part_seed(seed, "seed")
            ),
        )
        self.value = dense(dim, "value")
        self.mix = dense(dim, "mix", center=True)
        self.inner_norm = norm("inner_norm")
        self.inner = dense(2 * dim, "inner", activation="relu")
        self.outer = dense(dim, "outer", center=True)
        self.last_norm = norm("last_norm")
        self.last = dense(dim, "last")
        self._sublayers.check()

    def build(self, *_: Any, **__: Any) -> None:
        shape = (None, None, self.dim)
        for layer in (*self.blocks, self.norm, self.attention, self.value):
            layer.build(shape)
        for layer in (self.mix, self.inner_norm, self.inner):
            layer.build((None, self.dim))
        for layer in (self.last_norm, self.last):
            layer.build((None, self.dim))
        self.outer.build((None, 2 * self.dim))
        self.built = True

    def call(
        self,
        items: Any,
        outfits: Any,
        training: bool = False,
        return_attention_scores: bool = False,
    ) -> Any:
        outfits = ops.convert_to_tensor(outfits)
        shape = ops.shape(outfits)
        sets = ops.reshape(outfits, (-1, shape[-1]))
        present = sets >= 0
        rows = ops.maximum(sets, 0)

        items = center(ops.cast(items, self.compute_dtype))
        first, *others = self.blocks
        x = first(
            ops.take(items, rows, axis=0),
            present=present,
            projected=tuple(
                ops.take(part, rows, axis=0) for part in first.project(items)
            ),
            training=training,
        )
        for block in others:
            x = block(
                x,
                present=present,
                projected=block.project(x),
                training=training,
            )
        pooled, weights = self._pool(x, present)
        pooled = ops.reshape(pooled, (*shape[:-1], self.dim))
        if not return_attention_scores:
            return pooled
        weights = ops.transpose(weights, (0, 2, 1))
        return pooled, ops.reshape(
            weights, (*shape[:-1], self.num_heads, shape[-1])
        )

    def _pool(self, x: Any, present: Any) -> tuple[Any, Any]:
        """Pools `(sets, slots, dim)` to `(sets, dim)` by the seed.

        Its weights, float32 `(sets, slots, heads)`, come second.
        """
        size = ops.shape(x)[1]
        x, scale, offset = self.norm(ops.reshape(x, (-1, self.dim)))
        # An offset common to all items: softmax takes it away.
        common = None if self.attention.is_linear else offset
        logits = self.attention(x, scale, common)
        logits = ops.reshape(logits, (-1, size, self.num_heads))
        logits = ops.cast(logits, "float32")
        logits = logits + ops.where(present, 0.0, -1e9)[:, :, None]
        weights = softmax(logits, axis=1)
        value = ops.reshape(
            self.value(x, scale, offset),
            (-1, size, self.num_heads, self.dim // self.num_heads),
        )
        each = ops.expand_dims(ops.cast(weights, self.compute_dtype), -1)
        pooled = ops.sum(each * value, axis=1)
        pooled = self.mix(ops.reshape(pooled, (-1, self.dim)))
        inner = self.outer(self.inner(*self.inner_norm(pooled)))
        return self.last(*self.last_norm(pooled + inner)), weights

    def compute_output_shape(
        self, items_shape: Any, outfits_shape: Any
    ) -> tuple[Any, ...]:
        return (*outfits_shape[:-1], self.dim)

    def compute_output_spec(
        self,
        items: Any,
        outfits: Any,
        training: bool = False,
        return_attention_scores: bool = False,
    ) -> Any:
        shape = self.compute_output_shape(items.shape, outfits.shape)
        pooled = keras.KerasTensor(shape, self.compute_dtype)
        if not return_attention_scores:
            return pooled
        shape = (*outfits.shape[:-1], self.num_heads, outfits.shape[-1])
        return pooled, keras.KerasTensor(shape, "float32")

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "dim": self.dim,
                "num_blocks": self.num_blocks,
                "num_heads": self.num_heads,
                "dropout": self.dropout,
                "seed": self.seed,
                **self._sublayers.config(),
            }
        )
        return config
