"""The best outfits of a catalogue for a user."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender


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
) -> list[list[Recommendation]]:
    """The `k` best outfits of the catalogue for each user.

    Args:
        model: A trained model.
        data: The data set: its outfits are the catalogue.
        user_ids: The users; a user not known gets the cold-start vector.
        k: How many outfits; fewer come back if the catalogue has fewer.
        exclude_liked: Whether outfits the user is known to like, in any
            split, are left out.

    Returns:
        For each user the recommendations, best first.

    Raises:
        ValueError: If `k` is not positive.

    Example:

    >>> for found in fndrec.recommend(model, data, ["u007"], k=3)[0]:
    ...     print(found.outfit_id, found.score)
    """
    if k < 1:
        raise ValueError(f"`k` should be a positive integer. Received: k={k}")
    model, data = model.seeing(data)
    outfits = model.embed_outfits(model.embed_items(data), data.outfit_items)
    index = data.vocabulary.users.rows(list(user_ids)) + 1
    users = np.asarray(model.encode_users(index))
    cosines = model.score.cosine(users, outfits)
    scores = np.asarray(model.score.from_cosine(cosines)).copy()
    if exclude_liked:
        rows = data.users.rows(list(user_ids))
        for likes in data.splits.values():
            for i, row in enumerate(rows):
                scores[i, likes.outfit[likes.user == row]] = -np.inf
    return [
        [
            Recommendation(
                user_id=user_id,
                outfit_id=data.outfits[int(row)],
                item_ids=tuple(data.outfit_item_ids(int(row))),
                score=float(scores[i, row]),
                known=bool(index[i] > 0),
            )
            for row in np.argsort(-scores[i], kind="stable")[:k]
            if np.isfinite(scores[i, row])
        ]
        for i, user_id in enumerate(user_ids)
    ]
