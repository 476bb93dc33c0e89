"""`complete`: the best items to complete an outfit with."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._best import REFUSED
from fndrec.serving.export._catalogue import Catalogue, taken
from fndrec.serving.export._lookup import rows
from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import LOWEST, encode_sets, present_ids
from fndrec.serving.export.signatures.recommend import KNOWN
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)

CHUNK = 8192
"""Sets scored at once: memory for these, not for a batch's whole categories."""


def complete(served: ServedModel, catalogue: Catalogue) -> Signature:
    """The best items of the catalogue to add to each outfit.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        names, length = inputs["item_id"], inputs["length"]
        present = present_ids(names, length)
        found = rows(catalogue.items, names)
        start, end, valid = _wanted(catalogue, inputs["category"])
        valid &= tf.reduce_all((found >= 0) | ~present, axis=1)
        valid &= length <= tf.shape(names)[1]
        end = tf.where(valid, end, start)
        users = served.user_index(inputs["user_id"])
        cosine = _cosines(
            served.model,
            catalogue,
            served.encode_users(users),
            tf.where(present, found, -1),
            tf.ragged.range(start, end),
        )
        best = _best(served.model.score, catalogue, cosine, start, inputs["k"])
        return {**best, "valid": valid, "known": users > 0}

    def example(batch: int) -> dict[str, np.ndarray]:
        items = catalogue.example_items
        # Without the first item, whose category is wanted.
        rest = items[1:] or [""]
        return {
            "user_id": repeated(served.example_user, batch),
            "item_id": repeated(rest, batch),
            "length": np.full(batch, len(items) - 1, np.int32),
            "category": repeated(catalogue.example_wanted, batch),
            "k": np.full(batch, 3, np.int32),
        }

    return Signature(
        name="complete",
        description=f"Finds the best of {catalogue.num_items:,} items to "
        "complete each outfit with, for each user; of a category, or of any if "
        'it is "".',
        inputs=inputs_of(
            strings("user_id"),
            strings("item_id", 2),
            ints("length"),
            strings("category"),
            ints("k"),
        ),
        function=function,
        example=example,
        outputs={
            "item_id": "string [B, max(k)], best first; empty past a row's "
            "own `k` and where no item is left",
            "score": "float32 [B, max(k)], of the outfit with the item; the "
            "lowest float32 where the id is empty",
            "valid": "bool [B], false if an item or the category is not known",
            **KNOWN,
        },
    )


def _wanted(catalogue: Catalogue, names: Any) -> tuple[Any, Any, Any]:
    """Slices of `items_by_category`, and whether the category is known."""
    everything = tf.equal(names, "")
    count = tf.shape(catalogue.items_by_category)[0]
    if catalogue.categories is None:
        start = tf.zeros_like(tf.strings.length(names))
        return start, start + count, everything
    row = rows(catalogue.categories, names)
    bounds = catalogue.category_start
    start = taken(bounds, tf.maximum(row, 0))
    end = taken(bounds, tf.maximum(row, 0) + 1)
    return (
        tf.where(everything, 0, start),
        tf.where(everything, count, end),
        everything | (row >= 0),
    )


def _cosines(
    model: Any, catalogue: Catalogue, users: Any, given: Any, places: Any
) -> Any:
    """Cosines of outfits with each item that may be added.

    Args:
        model: The model.
        catalogue: The catalogue.
        users: Unit vectors `(batch, dim)` or `(batch, anchors, dim)`.
        given: int32 `(batch, slots)`: rows of items, -1 for none.
        places: Ragged int32 `(batch, candidates)`: places in
            `items_by_category`.

    Returns:
        float32 `(batch, max(candidates))`, `REFUSED` where there is none and
        for items that the outfit has already.
    """
    row = tf.cast(places.value_rowids(), tf.int32)
    item = taken(catalogue.items_by_category, places.values)
    total = tf.shape(item)[0]

    def step(start: Any, found: Any) -> tuple[Any, Any]:
        part = slice(start, start + CHUNK)
        partial = tf.gather(given, row[part])
        added = item[part][:, None]
        # Only the items of these sets: the aggregator projects each item it
        # is given.
        sets = tf.concat([partial, added], axis=1)
        distinct, positions = tf.unique(tf.reshape(sets, (-1,)))
        vectors = taken(catalogue.item_vectors, tf.maximum(distinct, 0))
        positions = tf.reshape(positions, tf.shape(sets))
        outfits = encode_sets(
            model, vectors, tf.where(sets >= 0, positions, -1)
        )
        cosine = model.score.cosine(
            tf.gather(users, row[part]), outfits[:, None]
        )[:, 0]
        cosine = tf.where(
            tf.reduce_any(partial == added, axis=1), REFUSED, cosine
        )
        return start + CHUNK, found.write(start // CHUNK, cosine)

    _, found = tf.while_loop(
        lambda start, _: start < total,
        step,
        (
            tf.constant(0),
            tf.TensorArray(
                tf.float32,
                size=(total + CHUNK - 1) // CHUNK,
                infer_shape=False,
                element_shape=(None,),
            ),
        ),
        # One at a time, for the memory.
        parallel_iterations=1,
    )
    cosine = tf.cond(
        total > 0, found.concat, lambda: tf.zeros((0,), tf.float32)
    )
    return places.with_values(cosine).to_tensor(REFUSED)


def _best(
    score: Any, catalogue: Catalogue, cosine: Any, start: Any, k: Any
) -> dict[str, Any]:
    """The best items by their cosines.

    Args:
        score: The model's `OutfitScore`.
        catalogue: The catalogue.
        cosine: float32 `(batch, candidates)`, `REFUSED` for none.
        start: int32 `(batch,)`: place of the first candidate.
        k: int32 `(batch,)`.

    Returns:
        `item_id` string and `score` float32 `(batch, most)`.
    """
    k = tf.clip_by_value(k, 0, tf.shape(cosine)[1])
    # reduce_max of an empty batch is the lowest integer.
    most = tf.maximum(tf.reduce_max(k), 0)
    best = tf.math.top_k(cosine, most)
    given = tf.sequence_mask(k, most) & (best.values > REFUSED)
    place = tf.where(given, start[:, None] + best.indices, 0)
    item = taken(catalogue.items_by_category, place)
    ids = taken(catalogue.item_ids, item)
    return {
        "item_id": tf.where(given, ids, ""),
        "score": tf.where(given, score.from_cosine(best.values), LOWEST),
    }
