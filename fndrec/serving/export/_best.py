"""The best outfits of the baked-in index."""

from typing import Any

import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue, taken
from fndrec.serving.export._sets import LOWEST

# Below every cosine.
REFUSED = -2.0


def best_outfits(
    score: Any,
    catalogue: Catalogue,
    users: Any,
    k: Any,
    refused: Any = None,
) -> dict[str, Any]:
    """The `k` best outfits for each user.

    Args:
        score: The model's `OutfitScore`.
        catalogue: A `Catalogue`.
        users: Unit vectors `(batch, dim)` or `(batch, anchors, dim)`.
        k: int32 `(batch,)`.
        refused: bool `(batch, outfits)`, or none: what is left out.

    Returns:
        `outfit_id` string and `score` float32 `(batch, max(k))`, best first,
        or as wide as there are outfits if `k` is more. Past a row's own `k`,
        and where no outfit is left, the id is empty and the score `LOWEST`.
    """
    cosine = score.cosine(users, catalogue.outfit_vectors)
    if refused is not None:
        cosine = tf.where(refused, REFUSED, cosine)
    k = tf.clip_by_value(k, 0, catalogue.num_outfits)
    # reduce_max of an empty batch is the lowest integer.
    most = tf.maximum(tf.reduce_max(k), 0)
    best = tf.math.top_k(cosine, most)
    given = tf.sequence_mask(k, most) & (best.values > REFUSED)
    ids = taken(catalogue.outfit_ids, best.indices)
    return {
        "outfit_id": tf.where(given, ids, ""),
        "score": tf.where(given, score.from_cosine(best.values), LOWEST),
    }


def outfits_at(rows: Any, count: Any) -> Any:
    """Marks rows of outfits.

    Args:
        rows: int32 `(batch, ids)`, -1 for none.
        count: Number of outfits.

    Returns:
        bool `(batch, count)`.
    """
    batch = tf.shape(rows)[0]
    cells = tf.where(rows >= 0)
    found = tf.cast(tf.gather_nd(rows, cells), tf.int64)
    marks = tf.scatter_nd(
        tf.stack([cells[:, 0], found], axis=1),
        tf.ones_like(found, tf.int32),
        tf.cast(tf.stack([batch, count]), tf.int64),
    )
    return marks > 0
