"""User vectors from a table."""

from typing import Any

import keras
from keras import ops

from fndrec.layers.id_embedding import IdEmbedding


@keras.saving.register_keras_serializable("fndrec")
class UserEmbedding(IdEmbedding):
    """Users as unit vectors in the user-outfit space.

    Row 0 is the cold-start user, the vector of all users without a row.

    Args:
        num_ids: Number of known users.
        dim: Width of the user-outfit space.
        unknown_rate: Share of likes in [0, 1) that training attributes to an
            unknown user, so that the cold-start vector learns.
        seed: Seed of weights and of the hidden users.
        sublayers: As in `IdEmbedding`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        ids: Integer tensor `(batch,)`, 0 for an unknown user.
        training: Whether users are hidden at `unknown_rate`.

    Returns:
        Float32 tensor `(batch, dim)` of unit vectors.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> users = fndrec.layers.UserEmbedding(num_ids=400, dim=64)
    >>> users(np.array([1, 400, 0])).shape
    TensorShape([3, 64])
    """

    # Vectors are normalized: the shorter they start, the faster they turn.
    STDDEV = 0.01

    def call(self, ids: Any, training: bool = False) -> Any:
        vectors = super().call(ids, training=training)
        return ops.normalize(ops.cast(vectors, "float32"), axis=-1)
