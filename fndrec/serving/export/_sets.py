"""Sets of ids of any width, as TF Serving's batching hands them over.

Requests of different widths are padded to the widest, each with its own first
element: what stands past a row's length may be any id, and is not looked at.
"""

from typing import Any

import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue, taken
from fndrec.serving.export._lookup import rows

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


def encode_known_sets(
    model: Any, catalogue: Catalogue, item_id: Any, length: Any
) -> tuple[Any, Any]:
    """Vectors of outfits of items of the catalogue.

    Args:
        model: The model.
        catalogue: The catalogue.
        item_id: String `(..., slots)`.
        length: int32 `(...)`.

    Returns:
        Float32 `(..., dim)`, and bool `(...)`: false if an outfit is empty,
        longer than there are slots, or has an item that is not known.
    """
    present = present_ids(item_id, length)
    found = rows(catalogue.items, item_id)
    valid = tf.reduce_any(present, axis=-1) & (length <= tf.shape(item_id)[-1])
    valid &= tf.reduce_all((found >= 0) | ~present, axis=-1)
    used = tf.where(present, found, -1)
    # Only the items that are asked for: the aggregator projects each item it
    # is given, and a catalogue may have a million.
    distinct, positions = tf.unique(tf.reshape(used, (-1,)))
    vectors = taken(catalogue.item_vectors, tf.maximum(distinct, 0))
    positions = tf.reshape(positions, tf.shape(used))
    sets = tf.where(used >= 0, positions, -1)
    return encode_sets(model, vectors, tf.ensure_shape(sets, used.shape)), valid


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
