"""Section of the report: the worst mistakes."""

import dataclasses

import numpy as np

from fndrec.data import OutfitData
from fndrec.data.item_sets import set_ids
from fndrec.report.judgement import Judgement
from fndrec.report.pictures import Outfit, Pictures
from fndrec.report.ranking import Ranking

ABOVE = 3


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A like that the model ranks low.

    Attributes:
        user: The user's id.
        rank: Its place among its candidates, 1 the best.
        candidates: How many there are.
        liked: The liked outfit.
        above: The best of the negatives above it.
    """

    user: str
    rank: int
    candidates: int
    liked: Outfit
    above: list[Outfit]


def worst_mistakes(
    ranking: Ranking,
    judgement: Judgement,
    data: OutfitData,
    pictures: Pictures,
    count: int,
) -> list[Mistake]:
    """Returns the likes with the most negatives above them, one per user.

    Of likes of one rank, those are worse that lie farther below.

    Args:
        ranking: The ranking.
        judgement: Which negatives are false.
        data: The data set.
        pictures: Makes the outfits ready for the page.
        count: How many likes.

    Returns:
        The worst first; fewer if there are not as many.
    """
    scores, user = ranking.scores, ranking.candidates.user
    above = (scores[:, 1:] > scores[:, :1]).sum(axis=1)
    gap = scores[:, 1:].max(axis=1) - scores[:, 0]
    order = np.lexsort((-gap, -above))
    order = order[above[order] > 0]
    # The worst of each user.
    first = np.sort(np.unique(user[order], return_index=True)[1])
    likes = order[first][:count].tolist()
    columns = [_shown(scores[like]) for like in likes]
    sets = ranking.candidates.outfits
    named = iter(
        _names(
            data, [sets[at, c] for at, c in zip(likes, columns, strict=True)]
        )
    )

    def outfit(like: int, column: int) -> Outfit:
        return pictures.outfit(
            sets[like, column],
            next(named),
            float(scores[like, column]),
            _notes(judgement, like, column),
        )

    found = []
    for like, shown in zip(likes, columns, strict=True):
        liked, *best = (outfit(like, column) for column in shown.tolist())
        found.append(
            Mistake(
                data.users[int(user[like])],
                int(above[like]) + 1,
                scores.shape[1],
                liked,
                best,
            )
        )
    return found


def _shown(scores: np.ndarray) -> np.ndarray:
    """Returns the columns of the like and of the best negatives above it."""
    best = np.argsort(-scores[1:], kind="stable") + 1
    return np.concatenate([[0], best[scores[best] > scores[0]][:ABOVE]])


def _names(data: OutfitData, sets: list[np.ndarray]) -> list[str]:
    """Returns the outfit ids of item sets; empty if there is none."""
    if not sets:
        return []
    asked, known = set_ids(np.concatenate(sets), data.outfit_items)
    row_of = dict(zip(known.tolist(), range(len(known)), strict=True))
    return [
        data.outfits[row_of[number]] if number in row_of else ""
        for number in asked.tolist()
    ]


def _notes(
    judgement: Judgement, like: int, column: int
) -> list[tuple[str, str]]:
    notes = []
    if (
        column
        and judgement.false is not None
        and judgement.false[like, column - 1]
    ):
        notes.append(("judged false", "plain"))
    if judgement.truly_liked is not None:
        liked = judgement.truly_liked[like, column]
        if column and liked:
            notes.append(("truly liked", "good"))
        elif not column and not liked:
            notes.append(("not truly liked", "bad"))
    return notes
