"""Metrics of likes ranked among candidates."""

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
    """Likes with their candidates, and blanks to fill in.

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
        """Returns the metrics `COLUMNS` of one scorer, user by user."""
        return self.values(*self.score(scorer))

    def score(self, scorer: Scorer) -> tuple[np.ndarray, np.ndarray]:
        """Scores the candidates and the blanks.

        Args:
            scorer: What scores.

        Returns:
            `(likes, 1 + negatives)` and `(likes, choices)`.
        """
        found = self.candidates
        # At once, so that an item is embedded once.
        sets = np.concatenate([found.outfits, found.blanks], axis=1)
        scores = scorer.score(found.user, sets)
        width = found.outfits.shape[1]
        return scores[:, :width], scores[:, width:]

    def values(
        self, scores: np.ndarray, blanks: np.ndarray
    ) -> dict[str, UserValues]:
        """Computes the metrics from scores.

        Args:
            scores: `(likes, 1 + negatives)`.
            blanks: `(likes, choices)`.

        Returns:
            The metrics `COLUMNS`, user by user.
        """
        user = self.candidates.user
        values = {
            name: UserValues.of_users(by_user)
            for name, by_user in metrics_by_user(user, scores).items()
        }
        values["hit@1"] = UserValues.of_likes(user, best_choice(scores))
        values["fitb"] = UserValues.of_likes(user, best_choice(blanks))
        return values
