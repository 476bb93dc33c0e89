"""A vector for each known id, and one for all others."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import optional_seed, positive_int, rate
from fndrec.layers.sublayers import Changes, Sublayers


@keras.saving.register_keras_serializable("fndrec")
class IdEmbedding(keras.layers.Layer):
    """A vector for each known id; row 0 stands for all unknown ids.

    The vector of a known id is the sum of row 0, shared by all ids, and its
    own row. Weight decay pulls own rows to zero, so an id with little data
    stays near the average. An id never seen in training (a new user, a new
    item) gets row 0, which is trained: at `unknown_rate`, training shows ids
    as unknown.

    Args:
        num_ids: Number of known ids. The table has `num_ids + 1` rows.
        dim: Width of the vectors.
        unknown_rate: Share of ids in [0, 1) shown as unknown in training.
        seed: Seed of the table and of the ids shown as unknown.
        sublayers: Arguments of the sublayer `table`, a
            `keras.layers.Embedding`, that differ from the default:
            `{"table": {"lora_rank": 4}}`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        ids: Integer tensor of any shape, values in `[0, num_ids]`.
        training: Whether ids are hidden at `unknown_rate`.

    Returns:
        Float tensor `ids.shape + (dim,)`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> layer = fndrec.layers.IdEmbedding(num_ids=3, dim=8)
    >>> layer(np.array([0, 3])).shape
    TensorShape([2, 8])
    """

    # Standard deviation of the initial vectors.
    STDDEV = 0.05

    def __init__(
        self,
        num_ids: int,
        dim: int,
        unknown_rate: float = 0.05,
        seed: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_ids = positive_int("num_ids", num_ids)
        self.dim = positive_int("dim", dim)
        self.unknown_rate = rate("unknown_rate", unknown_rate)
        self.seed = seed = optional_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._sublayers = Sublayers(self, sublayers)
        self.embedding = self._sublayers.make(
            keras.layers.Embedding,
            "table",
            input_dim=self.num_ids + 1,
            output_dim=self.dim,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=self.STDDEV, seed=seed
            ),
        )
        self._sublayers.check()

    def build(self, input_shape: Any = None) -> None:
        self.embedding.build(())
        self.built = True

    def call(self, ids: Any, training: bool = False) -> Any:
        if training and self.unknown_rate > 0:
            keep = (
                keras.random.uniform(ops.shape(ids), seed=self.seed_generator)
                >= self.unknown_rate
            )
            ids = ids * ops.cast(keep, ids.dtype)
        # Keras leaves what an 8-bit table gives in float32.
        own, common = (
            ops.cast(self.embedding(rows), self.compute_dtype)
            for rows in (ids, ops.zeros_like(ids))
        )
        known = ops.cast(ids > 0, own.dtype)
        return common + own * ops.expand_dims(known, -1)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "num_ids": self.num_ids,
                "dim": self.dim,
                "unknown_rate": self.unknown_rate,
                "seed": self.seed,
                **self._sublayers.config(),
            }
        )
        return config
