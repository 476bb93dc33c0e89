"""Outfits given by the ids of items of the catalogue."""

from typing import Any

import tensorflow as tf

from fndrec.serving._catalogue import Catalogue, taken
from fndrec.serving._lookup import rows
from fndrec.serving._sets import encode_sets, present_ids


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
