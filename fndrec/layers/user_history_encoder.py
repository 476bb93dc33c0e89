"""User vectors from liked outfits."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import non_negative_float, optional_seed, positive_int, rate
from fndrec.layers.seeds import part_seed
from fndrec.layers.sublayers import Changes, Sublayers

# Momentum of the running mean of liked outfits.
MOMENTUM = 0.9


@keras.saving.register_keras_serializable("fndrec")
class UserHistoryEncoder(keras.layers.Layer):
    """Users as unit vectors, by attention over the outfits they liked.

    No user has a row in a table: memory does not grow with the number of
    users, a new like counts at once, and new users are served like known
    ones. Attention pools the liked outfits together with one learned vector,
    the cold-start vector, as if everyone had liked it. A user with few likes
    stays near it, and a user without likes gets it. A small residual network
    then moves the pooled vector; it starts as zero.

    Untrained outfits hardly differ from their common mean, which delays
    learning. So outfits are centered first: by the mean of the batch in
    training, by its running mean otherwise. Leave `center` off for trained
    outfits, whose common mean is informative.

    The learned vector fits the users of training better than new users, most
    of all where likes are few. Outside of training, the vector of a user with
    `n` likes is therefore interpolated: `n / (n + shrinkage)` of the way from
    the plain mean, in which all likes count equally, to the learned vector.
    Training uses the learned vector alone, which keeps what is particular to
    its users out of the outfits.

    In training, the history of a like must not hold the liked outfit, which
    would give the answer away. `data.batches(history=...)` leaves it out.

    Args:
        dim: Width of the user-outfit space.
        num_heads: Number of attention heads; divides `dim`.
        dropout: Dropout rate within the network.
        unknown_rate: Share of likes in [0, 1) whose history is hidden in
            training, so that the cold-start vector learns.
        center: Whether to center the outfits.
        shrinkage: Number of likes at which the learned vector and the plain
            mean weigh the same; 0 for the learned vector alone.
        seed: Seed of weights and draws.
        sublayers: Arguments of sublayers that differ from the default, by
            name of the sublayer: `{"inner": {"activation": "gelu"}}`. Their
            names are `attention`, `value`, `norm`, `inner` and `outer`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        outfits: Unit vectors `(liked, dim)`, one row per distinct outfit.
        history: Integer tensor `(batch, likes)`: positions of each user's
            likes on the axis of the outfits, -1 padding.
        training: Whether to hide histories at `unknown_rate`, and not to
            shrink.

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
        # Unit vectors lose too much precision in half precision.
        super().__init__(autocast=False, **kwargs)
        self.dim = dim = positive_int("dim", dim)
        self.num_heads = num_heads = positive_int("num_heads", num_heads)
        if dim % num_heads:
            raise ValueError(
                "`num_heads` should divide `dim`. "
                f"Received: num_heads={num_heads}, dim={dim}"
            )
        self.unknown_rate = rate("unknown_rate", unknown_rate)
        self.center = center
        self.shrinkage = non_negative_float("shrinkage", shrinkage)
        self.seed = seed = optional_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._sublayers = Sublayers(self, sublayers)

        def dense(units: int, name: str, **kwargs: Any) -> Any:
            return self._sublayers.make(
                keras.layers.Dense, name, units=units, **kwargs
            )

        # Near zero at first, so that all likes count equally.
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
            self.running_mean = self.add_weight(
                shape=(self.dim,),
                initializer="zeros",
                trainable=False,
                name="running_mean",
            )
        # Logarithm of the number of likes that the cold-start vector counts as.
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
        # Row 0 is the cold-start vector, so a history is never empty.
        cold = ops.normalize(ops.cast(self.cold, "float32"))[None]
        outfits = ops.cast(outfits, "float32")
        if self.center:
            outfits = self._center(outfits, training)
        outfits = ops.concatenate([cold, outfits], axis=0)
        # Logits depend on the outfit alone: compute them once per outfit.
        logits = ops.cast(self.attention(outfits), "float32")
        # Padding points to row 0 as well, and is masked.
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
        """Subtracts the mean of the outfits, and normalizes."""
        center = ops.cast(self.running_mean, "float32")
        if training:
            count = ops.cast(ops.shape(outfits)[0], "float32")
            # A batch may have no histories at all.
            mean = ops.sum(outfits, axis=0) / ops.maximum(count, 1.0)
            kept = ops.where(count > 0, MOMENTUM, 1.0)
            self.running_mean.assign(kept * center + (1.0 - kept) * mean)
            center = mean
        return ops.normalize(outfits - center, axis=-1)

    def _pooled(self, values: Any, logits: Any, rows: Any, hidden: Any) -> Any:
        """Pools the cold-start vector and the likes to `(batch, dim)`.

        Args:
            values: `(1 + liked, dim)`, the cold-start vector first.
            logits: `(1 + liked, heads)`, without the prior.
            rows: `(batch, 1 + likes)`, rows of `values` and `logits`.
            hidden: `(batch, 1 + likes, 1)`, added to the logits to mask.
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
