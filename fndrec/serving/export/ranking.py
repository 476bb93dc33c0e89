"""Ranks the outfits and items of the baked-in catalogue."""

import tensorflow as tf

from fndrec.layers import OutfitScore
from fndrec.serving.export._catalogue import Catalogue, gather_rows
from fndrec.serving.export._sets import LOWEST

# Below every cosine.
EXCLUDED = -2.0


def top_k(
    score: OutfitScore, cosine: tf.Tensor, k: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Ranks candidates by their cosines.

    Args:
        score: The score of the model.
        cosine: Float32 `(batch, candidates)`, `EXCLUDED` where a candidate is
            left out.
        k: Int32 `(batch,)`: number of candidates for each row.

    Returns:
        Positions int32, scores float32 and a bool mask, each
        `(batch, min(max(k), candidates))`, best first. The mask is false past a
        row's own `k` and where no candidate is left; the score is then
        `LOWEST`.
    """
    k = tf.clip_by_value(k, 0, tf.shape(cosine)[1])
    # reduce_max of an empty batch is the lowest integer.
    width = tf.maximum(tf.reduce_max(k), 0)
    best = tf.math.top_k(cosine, width)
    mask = tf.sequence_mask(k, width) & (best.values > EXCLUDED)
    scores = tf.where(mask, score.from_cosine(best.values), LOWEST)
    return best.indices, scores, mask


def best_outfits(
    score: OutfitScore,
    catalogue: Catalogue,
    users: tf.Tensor,
    k: tf.Tensor,
    excluded: tf.Tensor | None = None,
) -> dict[str, tf.Tensor]:
    """Finds the `k` best outfits for each user.

    Args:
        score: The score of the model.
        catalogue: The catalogue.
        users: Unit vectors `(batch, dim)` or `(batch, anchors, dim)`.
        k: Int32 `(batch,)`.
        excluded: Bool `(batch, outfits)`, true for outfits to leave out; none
            by default.

    Returns:
        `outfit_id` string and `score` float32, see `top_k`. The id is empty
        where the mask is false.
    """
    cosine = score.cosine(users, catalogue.outfit_vectors)
    if excluded is not None:
        cosine = tf.where(excluded, EXCLUDED, cosine)
    rows, scores, mask = top_k(score, cosine, k)
    ids = gather_rows(catalogue.outfit_ids, rows)
    return {"outfit_id": tf.where(mask, ids, ""), "score": scores}


def mark_rows(rows: tf.Tensor, count: int) -> tf.Tensor:
    """Converts lists of rows to masks.

    Args:
        rows: Int32 `(batch, ids)`, -1 for none.
        count: Number of outfits.

    Returns:
        Bool `(batch, count)`.
    """
    batch = tf.shape(rows)[0]
    cells = tf.where(rows >= 0)
    columns = tf.cast(tf.gather_nd(rows, cells), tf.int64)
    marks = tf.scatter_nd(
        tf.stack([cells[:, 0], columns], axis=1),
        tf.ones_like(columns, tf.int32),
        tf.cast(tf.stack([batch, count]), tf.int64),
    )
    return marks > 0
