"""Users from what they liked."""

from typing import Any

import numpy as np
from keras import ops

from fndrec.data import OutfitData
from fndrec.layers import OutfitScore

# As many likes as the cold-start vector counts for, in `shrunken_mean`.
PRIOR_LIKES = 1.0
# Liked outfits, padding included, that users are computed of at once.
AT_ONCE = 100_000


def shrunken_mean(
    outfits: Any,
    present: Any,
    cold: Any,
    score: OutfitScore,
    prior: float = PRIOR_LIKES,
) -> Any:
    """The direction of the mean of liked outfits and a cold-start vector.

    The posterior mode of a user's direction, if likes scatter around it by a
    von Mises-Fisher distribution and users around the cold-start vector by
    another: `prior` is the ratio of the two concentrations. Where a user is
    several anchors, a like moves those that it is nearest to.

    Args:
        outfits: Unit vectors `(batch, likes, dim)`.
        present: Bools `(batch, likes)`, false where there is no like.
        cold: The cold-start user `(dim,)` or `(anchors, dim)`.
        score: The model's score, whose temperature softens "nearest".
        prior: As many likes as the cold-start vector counts for.

    Returns:
        Float32 unit vectors `(batch, dim)` or `(batch, anchors, dim)`; the
        cold-start user where there are no likes.
    """
    outfits = ops.cast(outfits, "float32")
    weight = ops.cast(present, "float32")
    if len(cold.shape) == 1:
        total = ops.sum(weight[:, :, None] * outfits, axis=1)
        return ops.normalize(prior * cold[None] + total, axis=-1)
    cosines = ops.matmul(outfits, ops.transpose(cold))
    share = ops.softmax(cosines / score.temperature, axis=-1)
    total = ops.einsum("blk,bld->bkd", weight[:, :, None] * share, outfits)
    return ops.normalize(prior * cold[None] + total, axis=-1)


def liked_by_index(
    data: OutfitData, split: str = "train"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The likes of the users that a model knows, sorted by user.

    Args:
        data: The data set, as the model sees it.
        split: Split of the likes.

    Returns:
        Distinct outfit rows `(outfits,)`; for each like its position among
        them `(likes,)`; likes of each user index `(users + 1,)`, 0 for the
        cold-start user.
    """
    likes = data.likes(split)
    index = data.user_index[likes.user]
    order = np.argsort(index, kind="stable")
    order = order[index[order] > 0]
    count = np.bincount(
        index[order], minlength=len(data.vocabulary.users) + 1
    )
    rows, at = np.unique(likes.outfit[order], return_inverse=True)
    return rows, at.reshape(-1), count


def padded_chunks(count: np.ndarray) -> Any:
    """Users of like numbers of likes together, as padded positions.

    Args:
        count: `(users,)` likes of each user, which follow one another.

    Yields:
        Users `(batch,)` and positions of their likes `(batch, most)`, -1
        padding.
    """
    start = np.cumsum(count) - count
    users = np.argsort(-count, kind="stable")
    users = users[count[users] > 0]
    while len(users):
        most = int(count[users[0]])
        batch = users[: max(1, AT_ONCE // most)]
        users = users[len(batch) :]
        at = np.arange(most)[None]
        yield (
            batch,
            np.where(
                at < count[batch][:, None], start[batch][:, None] + at, -1
            ).astype(np.int32),
        )
