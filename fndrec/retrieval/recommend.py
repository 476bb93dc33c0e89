"""Recommends outfits of a catalogue to users."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fndrec.checks import ids, positive_int
from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender, align
from fndrec.retrieval.index.anchors import search_anchors
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
        known: Whether the model knows the user. The score of an unknown user
            is that of the cold-start user.
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
    """Recommends the `k` best outfits of the catalogue to each user.

    Args:
        model: A trained model.
        data: The data set, whose outfits are the catalogue.
        user_ids: The users; an unknown user gets the cold-start vector.
        k: Number of outfits; fewer are returned if the catalogue has fewer.
        exclude_liked: Whether to leave out the outfits that the user likes in
            any split.
        where: Conditions that the outfits must meet.
        index: An index of the same model, which replaces the outfits of `data`
            as the catalogue. By default the outfits of `data` are embedded.

    Returns:
        The recommendations for each user, best first.

    Raises:
        ValueError: If `k` is not positive.
        DataError: If `where` names an unknown id or leaves no outfit.

    Example:

    >>> for best in fndrec.recommend(model, data, ["u007"], k=3)[0]:
    ...     print(best.outfit_id, best.score)
    """
    positive_int("k", k)
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
        ranked = search_anchors(
            index, model.score, users, k, where, exclude_outfits
        )
    else:
        ranked = index.search(
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
        for user_id, row, matches in zip(user_ids, rows, ranked, strict=True)
    ]


def liked_outfits(data: OutfitData, user_ids: Sequence[str]) -> list[list[str]]:
    """Returns the ids of the outfits that each user likes in any split."""
    return [data.outfits.take(liked_rows(data, user)) for user in user_ids]


def liked_rows(data: OutfitData, user_id: str) -> npt.NDArray[np.int32]:
    """Returns the distinct rows of the outfits that a user likes, any split."""
    row = data.users.rows([user_id])[0]
    # An unknown user has row -1, which no like has.
    return np.unique(
        np.concatenate(
            [likes.outfit[likes.user == row] for likes in data.splits.values()]
        )
    )
