"""Evaluates likes of outfits with items new to a model."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fndrec import checks
from fndrec.data import OutfitData
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.cold_result import ColdResult
from fndrec.evaluation.protocols.split_ranking import SplitRanking
from fndrec.evaluation.scorer import Scorer, model_of
from fndrec.evaluation.user_metrics import metrics_by_user
from fndrec.evaluation.user_values import UserValues
from fndrec.models import OutfitRecommender, align

COLUMNS = {
    "auc, known items": "AUC, known items",
    "auc, new items": "AUC, new items",
}


@dataclasses.dataclass(frozen=True)
class ColdItems:
    """Ranks likes with new items and likes without, separately.

    See `evaluate_cold_items`.

    Args:
        negatives: Negatives of each like.
        name: Name of the protocol.
        source: Who measured so before.

    Raises:
        ValueError: If `negatives` is not positive.

    Example:

    >>> fndrec.evaluate(model, data, protocol="cold items")
    """

    negatives: int = 10
    name: str = "cold items"
    source: str = "this library's: negatives match the like's new items"

    columns: ClassVar[Mapping[str, str]] = COLUMNS
    baselines: ClassVar[bool] = False

    def __post_init__(self) -> None:
        negatives = checks.positive_int("negatives", self.negatives)
        object.__setattr__(self, "negatives", negatives)

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> "ColdItemsRanking":
        """Keeps the arguments. The draws are the same for all models."""
        return ColdItemsRanking(data, split, seed, self)


@dataclasses.dataclass(frozen=True)
class ColdItemsRanking(SplitRanking):
    """Likes with items that occur in no train like, and the other likes."""

    protocol: ColdItems

    @property
    def against(self) -> str:
        """What the likes are ranked against, in words."""
        return (
            f"each against {self.protocol.negatives} negatives with new "
            "items where the liked outfit has them"
        )

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """Returns the AUC of the two kinds of likes, user by user."""
        found = evaluate_cold_items(
            model_of(scorer, self.protocol.name),
            self.data,
            self.split,
            negatives=self.protocol.negatives,
            seed=self.seed,
        )
        return {
            f"auc, {kind}": UserValues.of_users(by_user)
            for kind, by_user in found.auc_by_user.items()
        }


def evaluate_cold_items(
    model: OutfitRecommender,
    data: OutfitData,
    split: str = "valid",
    *,
    negatives: int = 10,
    seed: int = 0,
) -> ColdResult:
    """Evaluates likes with items new to the model, and likes without.

    An item is new if it stands in no outfit liked in train. A negative has
    new items where the liked outfit has them, of the same group, and others
    where it has others: a model gains nothing by telling new from known.

    Args:
        model: A trained model.
        data: The data set it was trained on, see `hold_out_items`.
        split: Split of the likes that are ranked.
        negatives: Negatives of each like.
        seed: Seed of the candidates.

    Returns:
        A `ColdResult` of the cases `"new items"`, likes of outfits with
        a new item or more, and `"known items"`, the others.

    Raises:
        DataError: If there is no such split.
        ValueError: If `negatives` is not positive.

    Example:

    >>> print(fndrec.evaluate_cold_items(model, data))
    """
    negatives = checks.positive_int("negatives", negatives)
    known = np.zeros(data.num_items + 1, bool)  # the last is the padding
    known[data.outfit_items[data.likes("train").outfit]] = True
    known[-1] = True
    parted = dataclasses.replace(
        data, item_group=(2 * data.item_group + known[:-1]).astype(np.int32)
    )
    candidates = Candidates.from_data(
        parted, split, negatives, "catalogue", seed
    )
    model, data = align(model, data)
    scores = model.score_sets(
        data, data.user_index[candidates.user], candidates.outfits
    )
    new = ~known[candidates.outfits[:, 0]].all(axis=1)
    return ColdResult(
        data=data.name,
        split=split,
        likes=len(new),
        auc_by_user={
            name: metrics_by_user(candidates.user[rows], scores[rows])["auc"]
            if rows.any()
            else np.full(1, np.nan)
            for name, rows in (("known items", ~new), ("new items", new))
        },
    )
