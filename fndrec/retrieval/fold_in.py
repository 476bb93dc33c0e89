"""A user from outfits liked."""

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
    """The vector of someone the model never saw, from outfits liked.

    Nothing of the model changes. The vector is the one that
    `model.encode_likes` gives and the exported `recommend_for_likes` uses:
    that of the `UserHistoryEncoder` where there is one, else, in closed form,
    the direction of the sum of the liked outfits and the cold-start vector.

    Args:
        model: A trained model.
        data: The data set that has the outfits.
        liked_outfits: Ids of the liked outfits, 1 to 1000 of them. The order
            says nothing; an id given twice counts once.
        outfit_vectors: Vectors of all outfits of `data`, from
            `model.embed_outfits`, where they are ready; else those of the
            liked ones are computed.
        prior_likes: As many likes as the cold-start vector counts for in the
            closed form; worth a choice on valid likes of users held out.

    Returns:
        Float32 unit vector `(dim,)`, or `(anchors, dim)` of a model of
        anchors.

    Raises:
        ValueError: If no outfit is given or too many are,
            `outfit_vectors` is not of all outfits, or `prior_likes` is not
            positive.
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
        items, (places,) = distinct_items_of(data.outfit_items[rows])
        vectors = model.embed_outfits(model.embed_items(data, items), places)
    elif len(outfit_vectors) != data.num_outfits:
        raise ValueError(
            "`outfit_vectors` should be one of each outfit of the data, "
            f"{data.num_outfits}. Received: {len(outfit_vectors)} of them"
        )
    else:
        vectors = np.asarray(outfit_vectors[rows], np.float32)
    likes = np.arange(len(rows), dtype=np.int32)[None]
    vector: np.ndarray = model.embed_likes(vectors, likes, prior_likes)[0]
    return vector
