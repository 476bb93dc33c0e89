"""Users with several tastes."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import non_negative_float, positive_int
from fndrec.layers.id_embedding import IdEmbedding
from fndrec.layers.sublayers import Changes, Sublayers

# Added to the diagonal, so that the logarithm is finite for equal anchors.
RIDGE = 0.1


@keras.saving.register_keras_serializable("fndrec")
class _AnchorTable(IdEmbedding):
    """A table whose rows hold the anchors of a user side by side."""

    # As in `UserEmbedding`.
    STDDEV = 0.01


@keras.saving.register_keras_serializable("fndrec")
class UserAnchors(keras.layers.Layer):
    """Users as several unit vectors each, for tastes that lie apart.

    `OutfitScore` compares an outfit with all anchors of a user. To keep the
    anchors apart, training adds the batch mean of
    `-spread * log det(G + 0.1 I)`, where `G` is the Gram matrix of a user's
    anchors. It is least where they are orthogonal. Row 0 is the cold-start
    user.

    Args:
        num_ids: Number of known users.
        dim: Width of the user-outfit space.
        num_anchors: Unit vectors of each user.
        spread: Weight of the regularizer, not negative.
        unknown_rate: As in `UserEmbedding`.
        seed: Seed of weights and of the hidden users.
        sublayers: Arguments of the sublayer `table`, as an `IdEmbedding`
            has them, that differ from the default.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        ids: Integer tensor `(batch,)`, 0 for an unknown user.
        training: Whether to hide users at `unknown_rate`, and to add the
            regularizer.

    Returns:
        Float32 tensor `(batch, anchors, dim)` of unit vectors.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> users = fndrec.layers.UserAnchors(num_ids=400, dim=64, num_anchors=4)
    >>> users(np.array([1, 400, 0])).shape
    TensorShape([3, 4, 64])

    Reference: Lu et al. 2021, Personalized Outfit Recommendation with
    Learnable Anchors.
    """

    def __init__(
        self,
        num_ids: int,
        dim: int,
        num_anchors: int = 4,
        spread: float = 0.01,
        unknown_rate: float = 0.05,
        seed: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = positive_int("dim", dim)
        self.num_anchors = positive_int("num_anchors", num_anchors)
        self.spread = non_negative_float("spread", spread)
        self._sublayers = Sublayers(self, sublayers)
        self.table = self._sublayers.make(
            _AnchorTable,
            "table",
            num_ids=num_ids,
            dim=num_anchors * dim,
            unknown_rate=unknown_rate,
            seed=seed,
        )
        self._sublayers.check()

    @property
    def num_ids(self) -> int:
        """Number of known users."""
        return self.table.num_ids

    def build(self, input_shape: Any = None) -> None:
        self.table.build(None)
        self.built = True

    def call(self, ids: Any, training: bool = False) -> Any:
        rows = ops.cast(self.table(ids, training=training), "float32")
        anchors = ops.normalize(
            ops.reshape(rows, (-1, self.num_anchors, self.dim)), axis=-1
        )
        if training and self.spread > 0:
            self.add_loss(-self.spread * ops.mean(log_volume(anchors)))
        return anchors

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape, self.num_anchors, self.dim)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "num_ids": self.num_ids,
                "dim": self.dim,
                "num_anchors": self.num_anchors,
                "spread": self.spread,
                "unknown_rate": self.table.unknown_rate,
                "seed": self.table.seed,
                **self._sublayers.config(),
            }
        )
        return config


def log_volume(anchors: Any) -> Any:
    """Returns log-determinants `(batch,)` of the anchors' Gram matrices.

    Args:
        anchors: Unit vectors `(batch, anchors, dim)`.

    Returns:
        `log det(G + 0.1 I)`, largest where anchors are orthogonal.
    """
    gram = ops.matmul(anchors, ops.transpose(anchors, (0, 2, 1)))
    gram = gram + RIDGE * ops.eye(anchors.shape[1], dtype=gram.dtype)
    # The determinant is the square of that of the Cholesky factor.
    factor = ops.cholesky(gram)
    return 2.0 * ops.sum(
        ops.log(ops.diagonal(factor, axis1=-2, axis2=-1)), axis=-1
    )
