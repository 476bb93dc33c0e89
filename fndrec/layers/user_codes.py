"""Users as binary codes."""

from typing import Any

import keras
from keras import ops

from fndrec.layers._straight_through import sign
from fndrec.layers.id_embedding import IdEmbedding


@keras.saving.register_keras_serializable("fndrec")
class UserCodes(IdEmbedding):
    """Users as binary codes in the user-outfit space.

    Row 0 is the cold-start user. A code takes `dim / 8` bytes.

    Args:
        num_ids: Number of known users.
        dim: Number of bits, the width of the user-outfit space.
        unknown_rate: As in `UserEmbedding`.
        seed: Seed of weights and of the hidden users.
        sublayers: As in `IdEmbedding`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        ids: Integer tensor `(batch,)`, 0 for an unknown user.
        training: Whether users are hidden at `unknown_rate`.

    Returns:
        Float32 tensor `(batch, dim)` of unit vectors whose elements are
        `1 / sqrt(dim)` or its negative.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> users = fndrec.layers.UserCodes(num_ids=400, dim=64)
    >>> np.unique(np.abs(users(np.array([1, 0]))))
    array([0.125], dtype=float32)

    Reference: Lu et al. 2019, Learning Binary Code for Personalized Fashion
    Recommendation.
    """

    def call(self, ids: Any, training: bool = False) -> Any:
        vectors = super().call(ids, training=training)
        codes = sign(ops.cast(vectors, "float32"))
        return codes / self.dim**0.5
