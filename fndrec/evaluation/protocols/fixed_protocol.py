"""Fixed candidates that come with a data set."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from fndrec.data import FixedCandidates, OutfitData
from fndrec.evaluation.protocols.candidate_ranking import COLUMNS
from fndrec.evaluation.scorer import Scorer
from fndrec.evaluation.user_metrics import best_choice, metrics_by_user
from fndrec.evaluation.user_values import UserValues


@dataclasses.dataclass(frozen=True)
class FixedProtocol:
    """Ranks the candidates of a file: published negatives or blanks.

    Args:
        candidates: What `read_fixed` has read from the files of the data set.

    Example:

    >>> fixed = fndrec.data.read_fixed("polyvore", data, variant="630")
    >>> fndrec.evaluate(
    ...     model, data, protocol=FixedProtocol(fixed["fitb_test"]))

    Reference: Lu et al. 2019, section 5 (fixed negatives and blanks).
    """

    candidates: FixedCandidates

    baselines: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return f"fixed {self.candidates.kind}"

    @property
    def source(self) -> str:
        return self.candidates.source

    @property
    def columns(self) -> Mapping[str, str]:
        blanks = self.candidates.kind == "blanks"
        return {
            key: head
            for key, head in COLUMNS.items()
            if (key == "fitb") == blanks
        }

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> "FixedRanking":
        """Keeps the candidates. Split and seed have no effect."""
        return FixedRanking(self.candidates)


@dataclasses.dataclass(frozen=True)
class FixedRanking:
    """Likes or blanks read from a file.

    Attributes:
        candidates: The candidates.
    """

    candidates: FixedCandidates

    @property
    def likes(self) -> int:
        """Number of likes that are ranked."""
        return len(self.candidates)

    @property
    def against(self) -> str:
        """What the likes are ranked against, in words."""
        number = self.candidates.outfits.shape[1] - 1
        return f"each against {number} of {self.candidates.source}"

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """Returns the metrics of one scorer, user by user."""
        user = self.candidates.user
        scores = scorer.score(user, self.candidates.outfits)
        best = UserValues.of_likes(user, best_choice(scores))
        if self.candidates.kind == "blanks":
            return {"fitb": best}
        values = {
            name: UserValues.of_users(by_user)
            for name, by_user in metrics_by_user(user, scores).items()
        }
        return {**values, "hit@1": best}
