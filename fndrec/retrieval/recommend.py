"""The best outfits of a catalogue for a user."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fndrec.checks import ids
from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender, align
from fndrec.retrieval.index.anchors import search_anchors
from fndrec.retrieval.index.index_checks import check_k
from fndrec.retrieval.index.outfit_filter import OutfitFilter
from fndrec.retrieval.index.outfit_index import OutfitIndex


@dataclasses.dataclass(frozen=True)
class Recommendation:
    """One recommended outfit.

    Attributes:
        user_id: The user.
        outfit_id: The outfit.
        item_ids: Its items.
        score: Its score; higher is better.
        known: Whether the model knows the user; if not, the score is that
            of the cold-start user.
    """

    user_id: str
    outfit_id: str
    item_ids: tuple[str, ...]
    score: float
    known: bool


def recommend(
    model: OutfitRecommender,
    data: OutfitData,
    user_ids: Sequence[str],
    k: int = 10,
    *,
    exclude_liked: bool = True,
    where: OutfitFilter | None = None,
    index: OutfitIndex | None = None,
) -> list[list[Recommendation]]:
    """The `k` best outfits of the catalogue for each user.

    Args:
        model: A trained model.
        data: The data set: its outfits are the catalogue.
        user_ids: The users; a user not known gets the cold-start vector.
        k: How many outfits; fewer come back if the catalogue has fewer.
        exclude_liked: Whether outfits the user is known to like, in any
            split, are left out.
        where: What outfits must be like.
        index: The catalogue in place of the outfits of `data`: an index of
            the same model. Without it the outfits are embedded anew.

    Returns:
        For each user the recommendations, best first.

    Raises:
        ValueError: If `k` is not positive.
        DataError: If `where` names what is not known or leaves no outfit.

    Example:

    >>> for found in fndrec.recommend(model, data, ["u007"], k=3)[0]:
    ...     print(found.outfit_id, found.score)
    """
    check_k(k)
    # Arrays give scalars, which would go on into the results.
    user_ids = [str(user_id) for user_id in ids("user_ids", user_ids)]
    model, data = align(model, data)
    if index is None:
        index = OutfitIndex.from_model(model, data)
    if not len(index):
        return [[] for _ in user_ids]
    rows = data.vocabulary.users.rows(list(user_ids)) + 1
    users = np.asarray(model.encode_users(rows))
    k = min(k, len(index))
    exclude_outfits = liked_outfits(data, user_ids) if exclude_liked else None
    if users.ndim == 3:
        found = search_anchors(
            index, model.score, users, k, where, exclude_outfits
        )
    else:
        found = index.search(
            users, k, where=where, exclude_outfits=exclude_outfits
        )
    return [
        [
            Recommendation(
                user_id=user_id,
                outfit_id=match.outfit_id,
                item_ids=match.item_ids,
                score=float(model.score.from_cosine(match.cosine)),
                known=bool(row > 0),
            )
            for match in matches
        ]
        for user_id, row, matches in zip(user_ids, rows, found, strict=True)
    ]


def liked_outfits(data: OutfitData, user_ids: Sequence[str]) -> list[list[str]]:
    """Ids of the outfits that users are known to like, in any split."""
    return [data.outfits.take(liked_rows(data, user)) for user in user_ids]


def liked_rows(data: OutfitData, user_id: str) -> npt.NDArray[np.int32]:
    """Rows of the outfits that a user likes in any split, each once."""
    row = data.users.rows([user_id])[0]
    # No like is of row -1, which is that of a user not known.
    return np.unique(
        np.concatenate(
            [likes.outfit[likes.user == row] for likes in data.splits.values()]
        )
    )
