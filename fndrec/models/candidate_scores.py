"""Scores of the candidates that a batch of likes is ranked against."""

from typing import Any

from keras import ops

from fndrec.layers import OutfitScore

# Has no weight in a softmax, but is finite and so causes no NaN.
EXCLUDED = -1e9


def liked_first(scores: Any) -> Any:
    """Returns labels of scores `(batch, candidates)`: 1 in column 0."""
    return ops.zeros_like(scores) + ops.one_hot(0, ops.shape(scores)[-1])


def candidate_cosines(
    users: Any,
    outfits: Any,
    in_batch: bool,
    score: OutfitScore | None = None,
    every: Any = None,
) -> Any:
    """Returns cosines of users and the candidates of their likes.

    Args:
        users: Unit vectors `(batch, dim)`, or of anchors
            `(batch, anchors, dim)`.
        outfits: Unit vectors `(batch, candidates, dim)`.
        in_batch: Whether the candidates of the whole batch follow each
            like's own.
        score: The score that computes the cosines.
        every: The candidates of the whole batch, if `outfits` is a shard of
            it.

    Returns:
        Float32 `(batch, candidates)`; if `in_batch`, `(batch, candidates +
        whole batch * candidates)`.
    """
    cosine = (score or OutfitScore()).cosine
    own = cosine(users, outfits)
    if not in_batch:
        return own
    every = outfits if every is None else every
    every = ops.reshape(every, (-1, outfits.shape[-1]))
    return ops.concatenate([own, cosine(users, every)], axis=1)


def training_scores(scores: Any, batch: dict[str, Any], in_batch: bool) -> Any:
    """Returns scores as a loss takes them: corrected, own likes excluded.

    Args:
        scores: Scores in the layout of `candidate_cosines`.
        batch: The batch.
        in_batch: As in `candidate_cosines`.
    """
    # A shard knows the users and the candidates of the whole batch.
    every = batch.get("whole", batch)
    scores = correct_sampling(scores, batch, in_batch, every)
    return exclude_own_likes(scores, batch["user"], in_batch, every["user"])


def correct_sampling(
    scores: Any, batch: dict[str, Any], in_batch: bool, every: dict[str, Any]
) -> Any:
    """Corrects scores for how often their candidates are drawn.

    The logarithm of the sampling probability is subtracted, so that a softmax
    over a sample estimates the softmax over all outfits: without it, popular
    outfits are pushed away because they are drawn often. In-batch candidates
    that are the liked outfit itself are set to `EXCLUDED`.

    Args:
        scores: Scores in the layout of `candidate_cosines`.
        batch: The batch. Without `"sampling_probability"`, the scores are
            returned as they are.
        in_batch: As in `candidate_cosines`.
        every: The whole batch, if `batch` is a shard of it.

    Returns:
        The scores.

    Reference:

    - Yi et al. (2019), Sampling-Bias-Corrected Neural Modeling for Large
      Corpus Item Recommendations, section 4.
    - Bengio and Senecal (2008), Adaptive Importance Sampling to Accelerate
      Training of a Neural Probabilistic Language Model, section 2.
    """
    if "sampling_probability" not in batch:
        return scores
    correction = ops.log(batch["sampling_probability"])
    if not in_batch:
        return scores - correction
    of_all = ops.reshape(ops.log(every["sampling_probability"]), (1, -1))
    of_all = ops.repeat(of_all, ops.shape(scores)[0], axis=0)
    scores = scores - ops.concatenate([correction, of_all], axis=1)
    ids = batch["candidate_ids"]
    hit = ids[:, :1] == ops.reshape(every["candidate_ids"], (1, -1))
    own = ops.zeros_like(ids, dtype="bool")
    return ops.where(ops.concatenate([own, hit], axis=1), EXCLUDED, scores)


def exclude_own_likes(
    scores: Any, user: Any, in_batch: bool, every: Any = None
) -> Any:
    """Sets scores to `EXCLUDED` that are no negatives of a like.

    These are the in-batch candidates of likes of the same user: the like's
    own candidates are in the first columns already, and the user's other
    likes are no negatives. All unknown users count as one user.

    Args:
        scores: Scores in the layout of `candidate_cosines`.
        user: Int `(batch,)`, the users.
        in_batch: As in `candidate_cosines`.
        every: The users of the whole batch, if `user` is a shard of it.

    Returns:
        The scores.
    """
    if not in_batch:
        return scores
    every = user if every is None else every
    width = ops.shape(scores)[1] // (ops.shape(every)[0] + 1)
    same = ops.repeat(user[:, None] == every[None, :], width, axis=1)
    own = ops.zeros_like(scores[:, :width], dtype="bool")
    same = ops.concatenate([own, same], axis=1)
    return ops.where(same, EXCLUDED, scores)
