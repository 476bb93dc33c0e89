"""Users from the outfits they liked."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import non_negative_float, positive_int, rate
from fndrec.layers._seeds import part_seed
from fndrec.layers.sublayers import Changes, Sublayers

# Of the running mean of liked outfits.
MOMENTUM = 0.9


@keras.saving.register_keras_serializable("fndrec")
class UserHistoryEncoder(keras.layers.Layer):
    """Users as unit vectors, by attention over the outfits they liked.

    No user has a row: memory does not grow with users, a like counts at
    once, and who is new is as good as who is not. Liked outfits are weighed
    by what a head looks for, among them one learned outfit that everyone
    liked: the cold-start vector. So few likes stay near it, as they would to
    a prior, and without likes it is all there is. A small network then turns
    the mean, an addition that is zero in the beginning.

    Outfits that are untrained hardly differ in anything but what all have in
    common, and learning would start late. So they are centered first, by the
    mean of those of a batch, and its running mean outside of training.
    Trained ones are better left as they are: what they have in common tells
    an outfit from a heap of items.

    What is learned fits the users of the training better than anyone new,
    and least where little is known of who is new. Outside of training the
    user of `n` likes therefore stands `n / (n + shrinkage)` of the way from
    the plain mean, in which all likes count alike, to the learned vector.
    Training does without: there the learned part takes up what is of these
    users alone, and so keeps it out of the outfits.

    In training the history of a like leaves the liked outfit out: it would
    tell the answer.

    Args:
        dim: Width of the user-outfit space.
        num_heads: Number of attention heads; divides `dim`.
        dropout: Dropout rate within the network.
        unknown_rate: Share of likes in [0, 1) whose history is hidden in
            training: what the cold-start vector learns from.
        center: Whether to center the outfits.
        shrinkage: As many likes as make the learned vector count for as much
            as the plain mean; 0 for the learned vector alone.
        seed: Seed of weights and draws.
        sublayers: Arguments of sublayers that differ from the default, by
            name of the sublayer: `{"inner": {"activation": "gelu"}}`. Their
            names are `attention`, `value`, `norm`, `inner` and `outer`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        outfits: Unit vectors `(liked, dim)`, one row a distinct outfit.
        history: Integer tensor `(batch, likes)`: for each user positions on
            the axis of the outfits, -1 for none.
        training: Whether histories are hidden at `unknown_rate`, and nothing
            is shrunk.

    Returns:
        Float32 tensor `(batch, dim)` of unit vectors.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> users = fndrec.layers.UserHistoryEncoder(dim=64)
    >>> outfits = np.random.default_rng(0).normal(size=(5, 64))
    >>> users(outfits, np.array([[0, 3, 4], [1, -1, -1]])).shape
    TensorShape([2, 64])

    Reference: Lee et al. 2019, Set Transformer, equation 11 (pooling by
    attention), with the prior as one more element of the set.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int = 4,
        dropout: float = 0.1,
        unknown_rate: float = 0.05,
        center: bool = True,
        shrinkage: float = 0.0,
        seed: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        # Not cast to half precision first: what comes in are unit vectors.
        super().__init__(autocast=False, **kwargs)
        self.dim = positive_int("dim", dim)
        self.num_heads = positive_int("num_heads", num_heads)
        if dim % num_heads:
            raise ValueError(
                "`num_heads` should divide `dim`. "
                f"Received: num_heads={num_heads}, dim={dim}"
            )
        self.unknown_rate = rate("unknown_rate", unknown_rate)
        self.center = center
        self.shrinkage = non_negative_float("shrinkage", shrinkage)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._sublayers = Sublayers(self, sublayers)

        def dense(units: int, name: str, **kwargs: Any) -> Any:
            return self._sublayers.make(
                keras.layers.Dense, name, units=units, **kwargs
            )

        # Flat in the beginning: all likes count alike.
        self.attention = dense(
            num_heads,
            "attention",
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(
                stddev=0.02, seed=part_seed(seed, "attention")
            ),
        )
        self.value = dense(
            dim, "value", use_bias=False, kernel_initializer="identity"
        )
        # A list, as the layer has it once it is built.
        self.norm = self._sublayers.make(
            keras.layers.LayerNormalization, "norm", axis=[-1]
        )
        self.inner = dense(
            2 * dim,
            "inner",
            activation="gelu",
            kernel_initializer=keras.initializers.GlorotUniform(
                seed=part_seed(seed, "inner")
            ),
        )
        self.outer = dense(dim, "outer", kernel_initializer="zeros")
        self._sublayers.check()
        self.dropout = keras.layers.Dropout(
            rate("dropout", dropout),
            seed=part_seed(seed, "dropout"),
            dtype=self.dtype_policy,
        )

    def build(self, *_: Any, **__: Any) -> None:
        self.cold = self.add_weight(
            shape=(self.dim,),
            initializer=keras.initializers.RandomNormal(
                stddev=0.01, seed=part_seed(self.seed, "cold")
            ),
            name="cold",
        )
        if self.center:
            self.centre = self.add_weight(
                shape=(self.dim,),
                initializer="zeros",
                trainable=False,
                name="centre",
            )
        # As many likes as the cold-start vector counts for, as a logarithm.
        self.prior = self.add_weight(
            shape=(self.num_heads,), initializer="zeros", name="prior"
        )
        self.attention.build((None, self.dim))
        self.value.build((None, self.dim))
        self.norm.build((None, self.dim))
        self.inner.build((None, self.dim))
        self.dropout.build((None, 2 * self.dim))
        self.outer.build((None, 2 * self.dim))
        self.built = True

    def call(self, outfits: Any, history: Any, training: bool = False) -> Any:
        history = ops.convert_to_tensor(history)
        if training and self.unknown_rate > 0:
            drawn = keras.random.uniform(
                (ops.shape(history)[0], 1), seed=self.seed_generator
            )
            history = ops.where(drawn >= self.unknown_rate, history, -1)
        # The cold-start vector is row 0: there is always a row to look at.
        cold = ops.normalize(ops.cast(self.cold, "float32"))[None]
        outfits = ops.cast(outfits, "float32")
        if self.center:
            outfits = self._center(outfits, training)
        outfits = ops.concatenate([cold, outfits], axis=0)
        # What depends on an outfit alone is computed once for each.
        logits = ops.cast(self.attention(outfits), "float32")
        # Its row in place of each absence too, which is hidden.
        first = ((0, 0), (1, 0))
        rows = ops.pad(history + 1, first)
        present = ops.pad(ops.cast(history >= 0, "int32"), first, "constant", 1)
        hidden = ops.where(present > 0, 0.0, -1e9)[:, :, None]
        pooled = self._pooled(self.value(outfits), logits, rows, hidden)
        turned = self.inner(self.norm(pooled))
        turned = self.outer(self.dropout(turned, training=training))
        learned = pooled + ops.cast(turned, "float32")
        if training or not self.shrinkage:
            return ops.normalize(learned, axis=-1)
        plain = self._pooled(outfits, ops.zeros_like(logits), rows, hidden)
        likes = ops.sum(ops.cast(history >= 0, "float32"), axis=1)[:, None]
        share = likes / (likes + self.shrinkage)
        return ops.normalize(plain + share * (learned - plain), axis=-1)

    def _center(self, outfits: Any, training: bool) -> Any:
        """Unit vectors of outfits without what all have in common."""
        centre = ops.cast(self.centre, "float32")
        if training:
            count = ops.cast(ops.shape(outfits)[0], "float32")
            # A batch may have no histories at all.
            mean = ops.sum(outfits, axis=0) / ops.maximum(count, 1.0)
            kept = ops.where(count > 0, MOMENTUM, 1.0)
            self.centre.assign(kept * centre + (1.0 - kept) * mean)
            centre = mean
        return ops.normalize(outfits - centre, axis=-1)

    def _pooled(self, values: Any, logits: Any, rows: Any, hidden: Any) -> Any:
        """Means `(batch, dim)` of the cold-start vector and the likes.

        Args:
            values: `(1 + liked, dim)`, the cold-start vector's first.
            logits: `(1 + liked, heads)`, the prior left out.
            rows: `(batch, 1 + likes)`, rows of both.
            hidden: `(batch, 1 + likes, 1)`, added to the logits.
        """
        logits = logits + ops.concatenate(
            [
                ops.cast(self.prior, "float32")[None],
                ops.zeros_like(logits[1:]),
            ],
            axis=0,
        )
        weights = ops.softmax(ops.take(logits, rows, axis=0) + hidden, axis=1)
        values = ops.reshape(
            ops.take(ops.cast(values, "float32"), rows, axis=0),
            (
                -1,
                ops.shape(rows)[1],
                self.num_heads,
                self.dim // self.num_heads,
            ),
        )
        return ops.reshape(
            ops.sum(weights[..., None] * values, axis=1), (-1, self.dim)
        )

    def compute_output_shape(
        self, outfits_shape: Any, history_shape: Any
    ) -> tuple[Any, ...]:
        return (history_shape[0], self.dim)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "dim": self.dim,
                "num_heads": self.num_heads,
                "dropout": self.dropout.rate,
                "unknown_rate": self.unknown_rate,
                "center": self.center,
                "shrinkage": self.shrinkage,
                "seed": self.seed,
                **self._sublayers.config(),
            }
        )
        return config
