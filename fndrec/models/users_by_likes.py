"""Users from what they liked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from fndrec.data import OutfitData, Vocabulary
from fndrec.errors import DataError
from fndrec.layers import OutfitScore, UserAnchors, UserEmbedding

if TYPE_CHECKING:
    from fndrec.models.recommender import OutfitRecommender

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


def vectors_of_likes(model: OutfitRecommender, data: OutfitData) -> np.ndarray:
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


def with_likes(model: OutfitRecommender, data: OutfitData) -> OutfitRecommender:
    """See `OutfitRecommender.with_likes`."""
    # Here, as the models need this file.
    from fndrec.models.recommender import OutfitRecommender

    likes = data.likes("train")
    if not len(likes):
        raise DataError(
            f"{data.name}: likes in train were expected. Received: none"
        )
    known = model.vocabulary or model.knows(data)
    liking = Vocabulary(data.users.take(np.unique(likes.user)))
    new = liking.take(np.flatnonzero(known.users.rows(liking.ids) < 0))
    added = dataclasses.replace(known, users=Vocabulary(new))
    vectors = vectors_of_likes(model, data.with_vocabulary(added))
    if not model.knows_users_by_likes:
        old = model.encode_users(np.arange(len(known.users) + 1))
        vectors = np.concatenate([np.asarray(old), vectors[1:]])
    made = OutfitRecommender(
        model.item_tower,
        model.aggregator,
        _table_of(vectors, model.user_embedding),
        model.score,
        dtype=model.dtype_policy,
    )
    made.vocabulary = dataclasses.replace(
        known, users=Vocabulary([*known.users, *new])
    )
    made.share(model)
    return made


def _table_of(vectors: np.ndarray, like: Any) -> UserEmbedding | UserAnchors:
    """A layer of given users, named and computing as another."""
    number, dim = len(vectors) - 1, vectors.shape[-1]
    made: dict[str, Any] = {"name": like.name, "dtype": like.dtype_policy}
    layer: UserEmbedding | UserAnchors
    if vectors.ndim == 3:
        layer = UserAnchors(number, dim, vectors.shape[1], **made)
    else:
        layer = UserEmbedding(number, dim, **made)
    layer.build()
    # A user is the sum of the row of all and the user's own.
    rows = vectors - vectors[:1]
    rows[0] = vectors[0]
    layer.set_weights([rows.reshape(len(rows), -1)])
    return layer
