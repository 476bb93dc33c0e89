"""Section of the report: recommendations for some users."""

import dataclasses

import numpy as np

from fndrec.data import OutfitData, SyntheticTruth
from fndrec.evaluation.scorer import ModelScorer
from fndrec.models import OutfitRecommender
from fndrec.report.pictures import Outfit, Pictures
from fndrec.report.ranking import Ranking

LIKED = 4


@dataclasses.dataclass(frozen=True)
class UserPage:
    """A user's liked and recommended outfits.

    Attributes:
        name: The user's id.
        auc: The user's AUC in the ranking.
        likes: Number of likes in train.
        liked: Some of what the user liked in train.
        best: The best outfits of the catalogue without those.
    """

    name: str
    auc: float
    likes: int
    liked: list[Outfit]
    best: list[Outfit]


def user_pages(
    model: OutfitRecommender,
    data: OutfitData,
    ranking: Ranking,
    truth: SyntheticTruth | None,
    pictures: Pictures,
    users: int,
    k: int,
) -> list[UserPage]:
    """Recommends outfits of the catalogue to some users.

    All outfits are scored, which takes users of every kind, and then those
    that the user liked in train are left out. What the user liked in another
    split stays: it is what should be found.

    Args:
        model: The model.
        data: The data set.
        ranking: Its ranking of a split.
        truth: The truth of a synthetic shop, aligned with the data.
        pictures: Makes the outfits ready for the page.
        users: How many users: of the best AUC, the worst, and between.
        k: How many outfits for each.

    Returns:
        The users, of the best AUC first.
    """
    rows = _spread(*ranking.user_auc, users)
    if not len(rows):
        return []
    # A copy, as what was liked is taken out below.
    scores = np.array(ModelScorer(model, data).score_all(rows))
    train = data.likes("train")
    aucs = dict(zip(*(x.tolist() for x in ranking.user_auc), strict=True))
    pages = []
    for row, score in zip(rows.tolist(), scores, strict=True):
        liked = train.outfit[train.user == row]
        score[liked] = -np.inf
        best = np.argsort(-score, kind="stable")[:k]
        pages.append(
            UserPage(
                data.users[row],
                aucs[row],
                len(liked),
                [
                    pictures.outfit(data.outfit_items[o], data.outfits[o])
                    for o in liked[:LIKED].tolist()
                ],
                [
                    pictures.outfit(
                        data.outfit_items[o],
                        data.outfits[o],
                        float(score[o]),
                        _notes(data, truth, row, o),
                    )
                    for o in best.tolist()
                    if np.isfinite(score[o])
                ],
            )
        )
    return pages


def _spread(rows: np.ndarray, auc: np.ndarray, users: int) -> np.ndarray:
    """Chooses users evenly, from the best AUC to the worst."""
    known = np.isfinite(auc)
    rows = rows[known][np.argsort(-auc[known], kind="stable")]
    places = np.linspace(0, len(rows) - 1, min(users, len(rows)))
    return rows[places.round().astype(int)]


def _notes(
    data: OutfitData, truth: SyntheticTruth | None, user: int, outfit: int
) -> list[tuple[str, str]]:
    notes = [
        (f"liked in {name}", "good")
        for name, likes in data.splits.items()
        if name != "train"
        and bool(((likes.user == user) & (likes.outfit == outfit)).any())
    ]
    if truth is not None:
        liked = truth.liked(np.array([user]), data.outfit_items[outfit][None])[
            0
        ]
        notes.append(
            ("truly liked", "good") if liked else ("not truly liked", "bad")
        )
    return notes
