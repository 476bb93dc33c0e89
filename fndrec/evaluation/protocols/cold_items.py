"""Likes of outfits with items a model has not seen."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from fndrec.data import OutfitData
from fndrec.evaluation.cold_items import evaluate_cold_items
from fndrec.evaluation.protocols.model_of import model_of
from fndrec.evaluation.protocols.split_ranking import SplitRanking
from fndrec.evaluation.scorer import Scorer
from fndrec.evaluation.user_values import UserValues

COLUMNS = {
    "auc, known items": "AUC, known items",
    "auc, new items": "AUC, new items",
}


@dataclasses.dataclass(frozen=True)
class ColdItems:
    """Ranks likes of outfits with new items, and those without, apart.

    See `evaluate_cold_items`.

    Args:
        negatives: Negatives of each like.
        name: Name of the protocol.
        source: Who measured so before.

    Example:

    >>> fndrec.evaluate(model, data, protocol="cold items")
    """

    negatives: int = 10
    name: str = "cold items"
    source: str = "this library's: negatives match the like's new items"

    columns: ClassVar[Mapping[str, str]] = COLUMNS
    baselines: ClassVar[bool] = False

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> "ColdItemsRanking":
        """Keeps what is asked; the draws are the same for all models."""
        return ColdItemsRanking(data, split, seed, self)


@dataclasses.dataclass(frozen=True)
class ColdItemsRanking(SplitRanking):
    """Likes with items that no like of train holds, and the others."""

    protocol: ColdItems

    @property
    def against(self) -> str:
        """What the likes are ranked against, in words."""
        return (
            f"each against {self.protocol.negatives} negatives with new "
            "items where the liked outfit has them"
        )

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """AUC of the two kinds of likes, user by user."""
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
