"""Sets of ids of any width, as TF Serving's batching hands them over.

Requests of different widths are padded to the widest, each with its own first
element: what stands past a row's length may be any id, and is not looked at.
"""

from typing import Any

import tensorflow as tf

LOWEST = float(tf.float32.min)
"""The score of what has none: it sorts last, and JSON can hold it."""


def at_least_one(value: Any, axis: int = 0, fill: int = 0) -> Any:
    """Appends one row of `fill` to an axis that has none.

    Batch normalisation and gathering fail where there is nothing.
    """
    axis %= value.shape.rank
    missing = tf.cast(tf.equal(tf.shape(value)[axis], 0), tf.int32)
    paddings = [
        [0, missing if i == axis else 0] for i in range(value.shape.rank)
    ]
    # Free of cost where nothing is missing: the tensor is passed on.
    padded = tf.pad(value, paddings, constant_values=tf.cast(fill, value.dtype))
    return tf.ensure_shape(padded, value.shape)


def present_ids(ids: Any, length: Any) -> Any:
    """Which cells of ids `(..., width)` count: in the length, not empty."""
    within = tf.sequence_mask(length, tf.shape(ids)[-1])
    return tf.logical_and(within, tf.not_equal(ids, ""))


def valid_lengths(length: Any, width: Any) -> Any:
    """Whether lengths of sets are from 1 to the width."""
    return tf.logical_and(length >= 1, length <= width)


def encode_sets(model: Any, vectors: Any, positions: Any) -> Any:
    """Unit vectors of sets, none of them or empty ones included.

    Args:
        model: The model.
        vectors: Item vectors `(items, dim)`.
        positions: int32 `(..., slots)`: rows of `vectors`, -1 for none.

    Returns:
        Float32 `(..., dim)`; of an empty set, some finite vector. A vector
        that is not finite spoils the sets it is in, and no other.
    """
    # Empty slots look at the first row, and zero times NaN is NaN: it has to
    # be none of a caller's, who may share the batch with others.
    vectors = tf.pad(vectors, [[1, 0], [0, 0]])
    positions = tf.where(positions >= 0, positions + 1, -1)
    return model.encode_outfits(
        vectors, at_least_one(positions, axis=-1, fill=-1)
    )


def finite(vectors: Any) -> Any:
    """Which vectors `(..., dim)` have no infinity and no NaN."""
    return tf.reduce_all(tf.math.is_finite(vectors), axis=-1)
