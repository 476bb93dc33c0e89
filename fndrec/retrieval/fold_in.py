"""Computes a user from liked outfits."""

from collections.abc import Sequence

import numpy as np

from fndrec.checks import ids
from fndrec.data import OutfitData
from fndrec.data.item_sets import distinct_items_of
from fndrec.errors import DataError
from fndrec.layers.shrunken_mean import PRIOR_LIKES
from fndrec.models import OutfitRecommender

MAX_LIKES = 1000


def fold_in(
    model: OutfitRecommender,
    data: OutfitData,
    liked_outfits: Sequence[str],
    outfit_vectors: np.ndarray | None = None,
    *,
    prior_likes: float = PRIOR_LIKES,
) -> np.ndarray:
    """Computes the vector of a new user from liked outfits.

    The model does not change. The vector is that of `model.encode_likes` and
    of the exported signature `recommend_for_likes`: the output of the
    `UserHistoryEncoder` if the model has one, else, in closed form, the
    direction of the sum of the liked outfits and the weighted cold-start
    vector.

    Args:
        model: A trained model.
        data: The data set that contains the outfits.
        liked_outfits: Ids of 1 to 1000 liked outfits, in any order. Duplicates
            count once.
        outfit_vectors: Vectors of all outfits of `data`, from
            `model.embed_outfits`. By default the liked outfits are embedded.
        prior_likes: Weight of the cold-start vector in the closed form, as a
            number of likes. Best chosen on valid likes of held-out users.

    Returns:
        Float32 unit vector `(dim,)`, or `(anchors, dim)` for a model of several
        anchors per user.

    Raises:
        ValueError: If `liked_outfits` is empty or too long, `outfit_vectors`
            does not have one row per outfit, or `prior_likes` is not positive.
        DataError: If an outfit is not in the data.

    Example:

    >>> user = fndrec.fold_in(model, data, ["outfit7", "outfit31"])
    >>> vectors @ user  # cosines with all outfits
    """
    names = list(dict.fromkeys(ids("liked_outfits", liked_outfits)))
    if not 1 <= len(names) <= MAX_LIKES:
        raise ValueError(
            f"`liked_outfits` should be 1 to {MAX_LIKES} outfits. "
            f"Received: {len(names)} of them"
        )
    rows = data.outfits.rows(names)
    if (rows < 0).any():
        name = names[int(np.argmax(rows < 0))]
        raise DataError(
            f"{data.name}: `liked_outfits` should be outfits of the data. "
            f"Received: {name!r}, which is none of them"
        )
    if outfit_vectors is None:
        if model.vocabulary is not None:
            data = data.with_vocabulary(model.vocabulary)
        items, (sets,) = distinct_items_of(data.outfit_items[rows])
        vectors = model.embed_outfits(model.embed_items(data, items), sets)
    elif len(outfit_vectors) != data.num_outfits:
        raise ValueError(
            "`outfit_vectors` should have one row per outfit of the data, "
            f"{data.num_outfits}. Received: {len(outfit_vectors)} rows"
        )
    else:
        vectors = np.asarray(outfit_vectors[rows], np.float32)
    likes = np.arange(len(rows), dtype=np.int32)[None]
    vector: np.ndarray = model.embed_likes(vectors, likes, prior_likes)[0]
    return vector
