"""`complete`: finds the best items to complete outfits with."""

import numpy as np
import tensorflow as tf

from fndrec.models import OutfitRecommender
from fndrec.serving.export._catalogue import Catalogue, gather_rows
from fndrec.serving.export._lookup import lookup_rows
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import encode_catalogue_sets, present_ids
from fndrec.serving.export.ranking import EXCLUDED, top_k
from fndrec.serving.export.signatures.recommend import KNOWN
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)

CHUNK = 8192
"""Sets scored at once, which bounds the memory for large categories."""


def complete(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Makes the signature that finds the best items to complete outfits with.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        names, length = inputs["item_id"], inputs["length"]
        present = present_ids(names, length)
        items = lookup_rows(catalogue.items, names)
        start, end, valid = _category_slices(catalogue, inputs["category"])
        valid &= tf.reduce_all((items >= 0) | ~present, axis=1)
        valid &= length <= tf.shape(names)[1]
        end = tf.where(valid, end, start)
        users = served.user_index(inputs["user_id"])
        cosine = _cosines(
            served.model,
            catalogue,
            served.encode_users(users),
            tf.where(present, items, -1),
            tf.ragged.range(start, end),
        )
        positions, scores, mask = top_k(served.model.score, cosine, inputs["k"])
        positions = tf.where(mask, start[:, None] + positions, 0)
        rows = gather_rows(catalogue.items_by_category, positions)
        ids = gather_rows(catalogue.item_ids, rows)
        return {
            "item_id": tf.where(mask, ids, ""),
            "score": scores,
            "valid": valid,
            "known": users > 0,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        items = catalogue.example_items
        # The outfit without its first item, whose category is requested.
        rest = items[1:] or [""]
        return {
            "user_id": repeated(served.example_user, batch),
            "item_id": repeated(rest, batch),
            "length": np.full(batch, len(items) - 1, np.int32),
            "category": repeated(catalogue.example_first_category, batch),
            "k": np.full(batch, 3, np.int32),
        }

    return Signature(
        name="complete",
        description=f"Finds the best of {catalogue.num_items:,} items to "
        "complete each outfit with, for each user. An empty category means "
        "any.",
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


def _category_slices(
    catalogue: Catalogue, names: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns slices of `items_by_category`, and whether categories are known.

    Args:
        catalogue: The catalogue.
        names: String `(batch,)`, empty for all items.

    Returns:
        Starts and ends, int32 `(batch,)`, and bool `(batch,)`.
    """
    everything = tf.equal(names, "")
    count = tf.shape(catalogue.items_by_category)[0]
    if catalogue.categories is None:
        start = tf.zeros_like(tf.strings.length(names))
        return start, start + count, everything
    row = lookup_rows(catalogue.categories, names)
    bounds = catalogue.category_start
    start = gather_rows(bounds, tf.maximum(row, 0))
    end = gather_rows(bounds, tf.maximum(row, 0) + 1)
    return (
        tf.where(everything, 0, start),
        tf.where(everything, count, end),
        everything | (row >= 0),
    )


def _cosines(
    model: OutfitRecommender,
    catalogue: Catalogue,
    users: tf.Tensor,
    partial: tf.Tensor,
    positions: tf.RaggedTensor,
) -> tf.Tensor:
    """Computes the cosines of outfits completed with each candidate item.

    Args:
        model: The model.
        catalogue: The catalogue.
        users: Unit vectors `(batch, dim)` or `(batch, anchors, dim)`.
        partial: Int32 `(batch, slots)` of the item rows of the partial
            outfits, -1 padding.
        positions: Ragged int32 `(batch, candidates)` of positions in
            `items_by_category`.

    Returns:
        Float32 `(batch, max(candidates))`, `EXCLUDED` past a row's candidates
        and for items that are already in the outfit.
    """
    row = tf.cast(positions.value_rowids(), tf.int32)
    item = gather_rows(catalogue.items_by_category, positions.values)
    total = tf.shape(item)[0]

    def step(
        start: tf.Tensor, chunks: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.TensorArray]:
        part = slice(start, start + CHUNK)
        outfits = tf.gather(partial, row[part])
        added = item[part][:, None]
        vectors = encode_catalogue_sets(
            model, catalogue, tf.concat([outfits, added], axis=1)
        )
        cosine = model.score.cosine(
            tf.gather(users, row[part]), vectors[:, None]
        )[:, 0]
        present = tf.reduce_any(outfits == added, axis=1)
        cosine = tf.where(present, EXCLUDED, cosine)
        return start + CHUNK, chunks.write(start // CHUNK, cosine)

    _, chunks = tf.while_loop(
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
        # One chunk at a time, to save memory.
        parallel_iterations=1,
    )
    cosine = tf.cond(
        total > 0, chunks.concat, lambda: tf.zeros((0,), tf.float32)
    )
    return positions.with_values(cosine).to_tensor(EXCLUDED)
