"""Embeds sets of any width, as TF Serving's batching passes them on.

TF Serving pads requests of different widths to the widest, each with its own
first element. Past a row's length there may be any id, which is ignored.
"""

import tensorflow as tf

from fndrec.models import OutfitRecommender
from fndrec.serving.export._catalogue import Catalogue, gather_rows
from fndrec.serving.export._lookup import lookup_rows

LOWEST = float(tf.float32.min)
"""The score where there is none: it sorts last, and JSON can hold it."""


def at_least_one(value: tf.Tensor, axis: int = 0, fill: int = 0) -> tf.Tensor:
    """Appends one row of `fill` to an empty axis.

    Batch normalization and gathering fail on empty axes.
    """
    axis %= value.shape.rank
    missing = tf.cast(tf.equal(tf.shape(value)[axis], 0), tf.int32)
    paddings = [
        [0, missing if i == axis else 0] for i in range(value.shape.rank)
    ]
    # Costs nothing where nothing is missing: the tensor is forwarded.
    padded = tf.pad(value, paddings, constant_values=tf.cast(fill, value.dtype))
    return tf.ensure_shape(padded, value.shape)


def present_ids(ids: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Marks the ids `(..., width)` that are within the length and not empty."""
    within = tf.sequence_mask(length, tf.shape(ids)[-1])
    return tf.logical_and(within, tf.not_equal(ids, ""))


def valid_lengths(length: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Marks the lengths that are from 1 to the width."""
    return tf.logical_and(length >= 1, length <= width)


def encode_sets(
    model: OutfitRecommender, vectors: tf.Tensor, positions: tf.Tensor
) -> tf.Tensor:
    """Embeds sets; there may be none, and sets may be empty.

    Args:
        model: The model.
        vectors: Item vectors `(items, dim)`.
        positions: Int32 `(..., slots)` of rows of `vectors`, -1 padding.

    Returns:
        Float32 unit vectors `(..., dim)`; the vector of an empty set is finite
        but arbitrary. An item vector that is not finite affects only the sets
        that contain it.
    """
    # Padding reads the first row, and zero times NaN is NaN. That row must not
    # come from a caller, who may share the batch with other callers.
    vectors = tf.pad(vectors, [[1, 0], [0, 0]])
    positions = tf.where(positions >= 0, positions + 1, -1)
    return model.encode_outfits(
        vectors, at_least_one(positions, axis=-1, fill=-1)
    )


def finite(vectors: tf.Tensor) -> tf.Tensor:
    """Marks the vectors `(..., dim)` without infinity and NaN."""
    return tf.reduce_all(tf.math.is_finite(vectors), axis=-1)


def encode_catalogue_sets(
    model: OutfitRecommender, catalogue: Catalogue, rows: tf.Tensor
) -> tf.Tensor:
    """Embeds sets of items of the catalogue.

    Args:
        model: The model.
        catalogue: The catalogue.
        rows: Int32 `(..., slots)` of item rows, -1 padding.

    Returns:
        Float32 unit vectors `(..., dim)`, see `encode_sets`.
    """
    # Only the distinct items of these sets: the aggregator projects every item
    # that it gets, and a catalogue may have a million.
    distinct, positions = tf.unique(tf.reshape(rows, (-1,)))
    vectors = gather_rows(catalogue.item_vectors, tf.maximum(distinct, 0))
    positions = tf.reshape(positions, tf.shape(rows))
    sets = tf.where(rows >= 0, positions, -1)
    return encode_sets(model, vectors, tf.ensure_shape(sets, rows.shape))


def encode_sets_of_ids(
    model: OutfitRecommender,
    catalogue: Catalogue,
    item_id: tf.Tensor,
    length: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Embeds outfits of items of the catalogue, given by their ids.

    Args:
        model: The model.
        catalogue: The catalogue.
        item_id: String `(..., slots)`.
        length: Int32 `(...)`.

    Returns:
        Float32 unit vectors `(..., dim)` and a bool mask `(...)`. The mask is
        false for an outfit that is empty, longer than the slots or has an
        unknown item.
    """
    present = present_ids(item_id, length)
    rows = lookup_rows(catalogue.items, item_id)
    valid = tf.reduce_any(present, axis=-1) & (length <= tf.shape(item_id)[-1])
    valid &= tf.reduce_all((rows >= 0) | ~present, axis=-1)
    rows = tf.where(present, rows, -1)
    return encode_catalogue_sets(model, catalogue, rows), valid


def encode_sets_of_vectors(
    model: OutfitRecommender, embedding: tf.Tensor, length: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Embeds outfits given by the vectors of their items.

    Args:
        model: The model.
        embedding: Float32 `(..., slots, dim)`.
        length: Int32 `(...)`.

    Returns:
        Float32 unit vectors `(..., dim)` and a bool mask `(...)`. The mask is
        false if the length is not from 1 to the number of slots, or a vector
        within it is not finite.
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
    # The inputs are checked because rectifiers turn NaN into zeros, and the
    # outputs because finite inputs may overflow.
    valid &= tf.reduce_all(finite(embedding) | ~present, axis=-1)
    return vectors, valid & finite(vectors)
