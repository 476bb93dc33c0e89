"""Outfits given by the vectors of their items."""

from typing import Any

import tensorflow as tf

from fndrec.serving._sets import encode_sets, finite, valid_lengths


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
        to the number of slots, and the vectors within it are finite.
    """
    shape = tf.shape(embedding)[:-1]
    present = tf.sequence_mask(length, shape[-1])
    order = tf.reshape(tf.range(tf.reduce_prod(shape)), shape)
    sets = tf.where(present, order, -1)
    vectors = encode_sets(
        model,
        tf.reshape(embedding, (-1, embedding.shape[-1])),
        tf.ensure_shape(sets, embedding.shape[:-1]),
    )
    valid = valid_lengths(length, shape[-1])
    # Looked for in what comes in, as rectifiers make zeros of NaN; and in
    # what goes out, as what is finite may be too large to compute with.
    valid &= tf.reduce_all(finite(embedding) | ~present, axis=-1)
    return vectors, valid & finite(vectors)
