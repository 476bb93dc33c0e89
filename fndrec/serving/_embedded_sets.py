"""Outfits given by the vectors of their items."""

from typing import Any

import tensorflow as tf

from fndrec.serving._sets import encode_sets, valid_lengths


def encode_embedded_sets(
    model: Any, embedding: Any, length: Any
) -> tuple[Any, Any]:
    """Vectors of outfits of item vectors.

    Args:
        model: The model.
        embedding: Float32 `(..., slots, dim)`.
        length: int32 `(...)`.

    Returns:
        Float32 `(..., dim)`, and bool `(...)`: whether the length is from 1
        to the number of slots.
    """
    shape = tf.shape(embedding)[:-1]
    order = tf.reshape(tf.range(tf.reduce_prod(shape)), shape)
    sets = tf.where(tf.sequence_mask(length, shape[-1]), order, -1)
    vectors = encode_sets(
        model,
        tf.reshape(embedding, (-1, embedding.shape[-1])),
        tf.ensure_shape(sets, embedding.shape[:-1]),
    )
    return vectors, valid_lengths(length, shape[-1])
