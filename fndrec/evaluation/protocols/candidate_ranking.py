"""Metrics of likes among candidates."""

import dataclasses

import numpy as np

from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.scorer import Scorer
from fndrec.evaluation.user_metrics import best_choice, metrics_by_user
from fndrec.evaluation.user_values import UserValues

COLUMNS = {
    "auc": "AUC",
    "ndcg": "NDCG",
    "mean_ndcg": "mean NDCG",
    "hit@1": "hit@1",
    "fitb": "FITB",
}


@dataclasses.dataclass(frozen=True, eq=False)
class CandidateRanking:
    """Likes, each among its candidates, and blanks to be filled in.

    Attributes:
        candidates: The candidates.
        against: What the likes are ranked against, in words.
    """

    candidates: Candidates
    against: str

    @property
    def likes(self) -> int:
        """Number of likes that are ranked."""
        return len(self.candidates.user)

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """The metrics `COLUMNS` of one scorer, user by user."""
        found = self.candidates
        # At once, so that an item is embedded once.
        sets = np.concatenate([found.outfits, found.blanks], axis=1)
        both = scorer.score(found.user, sets)
        scores, blanks = np.split(both, [found.outfits.shape[1]], axis=1)
        values = {
            name: UserValues.of_users(by_user)
            for name, by_user in metrics_by_user(found.user, scores).items()
        }
        values["hit@1"] = UserValues.of_likes(found.user, best_choice(scores))
        values["fitb"] = UserValues.of_likes(found.user, best_choice(blanks))
        return values
