"""Users from what they liked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from fndrec.data import OutfitData
from fndrec.layers import OutfitScore

if TYPE_CHECKING:
    from fndrec.models.catalogue_encoder import CatalogueEncoder

Chunks = Iterator[tuple[np.ndarray, np.ndarray]]

# As many likes as the cold-start vector counts for, in `shrunken_mean`.
PRIOR_LIKES = 4.0
# Liked outfits, padding included, that users are computed of at once.
AT_ONCE = 100_000


def shrunken_mean(
    outfits: Any,
    present: Any,
    cold: Any,
    score: OutfitScore,
    prior: Any = PRIOR_LIKES,
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


def _liked_by_index(
    data: OutfitData,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The likes of the users that a model knows, sorted by user.

    Args:
        data: The data set, as the model sees it.

    Returns:
        Distinct outfit rows `(outfits,)`; for each like its position among
        them `(likes,)`; likes of each user index `(users + 1,)`, 0 for the
        cold-start user.
    """
    likes = data.likes("train")
    index = data.user_index[likes.user]
    order = np.argsort(index, kind="stable")
    order = order[index[order] > 0]
    count = np.bincount(index[order], minlength=len(data.vocabulary.users) + 1)
    rows, at = np.unique(likes.outfit[order], return_inverse=True)
    return rows, at.reshape(-1), count


def _padded_chunks(count: np.ndarray) -> Chunks:
    """Users of similar numbers of likes together, as padded positions.

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


def vectors_of_likes(model: CatalogueEncoder, data: OutfitData) -> np.ndarray:
    """The cold-start user and the users of a data set, by their train likes.

    Args:
        model: The model, whose `encode_likes` makes them.
        data: The data set, its vocabulary naming the wanted users.

    Returns:
        Float32 array `(users + 1, dim)` or `(users + 1, anchors, dim)`; a
        user without likes is the cold-start user.
    """
    rows, at, count = _liked_by_index(data)
    sets = data.outfit_items[rows]
    items, positions = np.unique(sets[sets >= 0], return_inverse=True)
    places = np.full_like(sets, -1)
    places[sets >= 0] = positions
    outfits = model.embed_outfits(model.embed_items(data, items), places)
    cold = model.embed_likes(outfits, np.full((1, 1), -1, np.int32))
    vectors = np.repeat(cold, len(count), axis=0)
    for users, likes in _padded_chunks(count):
        likes = np.where(likes >= 0, at[likes], -1).astype(np.int32)
        vectors[users] = model.embed_likes(outfits, likes)
    return vectors
