"""What stands against the likes of a batch."""

from typing import Any

from keras import ops

from fndrec.layers import OutfitScore

# Low enough for no weight in a softmax, and finite, so that it leaves no NaN.
EXCLUDED = -1e9


def liked_first(scores: Any) -> Any:
    """Labels of scores `(batch, candidates)`: column 0 is the liked one."""
    return ops.zeros_like(scores) + ops.one_hot(0, ops.shape(scores)[-1])


def candidate_cosines(
    users: Any,
    outfits: Any,
    in_batch: bool,
    score: OutfitScore | None = None,
    every: Any = None,
) -> Any:
    """Cosines of users and what stands against their likes.

    Args:
        users: Unit vectors `(batch, dim)`, or of anchors
            `(batch, anchors, dim)`.
        outfits: Unit vectors `(batch, candidates, dim)`.
        in_batch: Whether the candidates of the whole batch follow each
            like's own.
        score: The score whose cosine it is.
        every: What the whole batch's candidates are where `outfits` are a
            share of them.

    Returns:
        Float32 `(batch, candidates)` or, if `in_batch`, `(batch, candidates +
        batch * candidates)`, the last batch the whole one.
    """
    cosine = (score or OutfitScore()).cosine
    own = cosine(users, outfits)
    if not in_batch:
        return own
    every = outfits if every is None else every
    every = ops.reshape(every, (-1, outfits.shape[-1]))
    return ops.concatenate([own, cosine(users, every)], axis=1)


def exclude_own_likes(
    scores: Any, user: Any, in_batch: bool, every: Any = None
) -> Any:
    """Gives `EXCLUDED` to what does not stand against a like.

    That is the in-batch candidates of the same user's likes: each like's own
    stand in the first columns already, and other likes are no negatives. All
    unknown users count as one.

    Args:
        scores: Scores in the layout of `candidate_cosines`.
        user: Int `(batch,)`, the users.
        in_batch: As in `candidate_cosines`.
        every: The users of the whole batch where `user` is a share of them.

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
