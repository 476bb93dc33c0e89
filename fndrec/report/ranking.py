"""Likes ranked by models and baselines, with all that a page asks of it."""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Self

import numpy as np

from fndrec.data import OutfitData
from fndrec.evaluation import Candidates, EvaluationResult
from fndrec.evaluation.evaluate import Scores, result_of, score_all
from fndrec.evaluation.user_intervals import (
    Interval,
    UserBootstrap,
    interval_of,
    shares_of_users,
)
from fndrec.evaluation.user_metrics import metrics_by_user
from fndrec.models import OutfitRecommender


@dataclasses.dataclass(frozen=True, eq=False)
class Ranking:
    """Scores of the candidates of a split.

    Attributes:
        result: The metrics, as `evaluate` has them.
        candidates: What is ranked.
        scored: For each model or baseline the scores of the candidates and
            of the blanks.
    """

    result: EvaluationResult
    candidates: Candidates
    scored: dict[str, Scores]

    @classmethod
    def of(
        cls,
        models: Mapping[str, OutfitRecommender],
        data: OutfitData,
        split: str,
        negatives: int,
        negative_sampling: str | None,
        seed: int,
    ) -> Self:
        """Ranks the likes of a split, as `evaluate` does.

        Args:
            models: The models by name; the page is about the first.
            data: The data set.
            split: Name of the split.
            negatives: Negatives of each like.
            negative_sampling: Kind of the negatives.
            seed: Seed of the candidates.

        Returns:
            The ranking.
        """
        candidates = Candidates.of(
            data, split, negatives, negative_sampling, seed
        )
        scored = score_all(models, data, candidates)
        result = result_of(scored, list(models), data, split, candidates, seed)
        return cls(result, candidates, scored)

    @property
    def name(self) -> str:
        """Name of the model that the page is about."""
        return self.result.models[0]

    @property
    def scores(self) -> np.ndarray:
        """Its scores `(likes, 1 + negatives)`."""
        return self.scored[self.name][0]

    @cached_property
    def user_auc(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the users of the split, and their AUC; NaN if unknown."""
        users = self.candidates.user
        return np.unique(users), metrics_by_user(users, self.scores)["auc"]

    @cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """The metrics of each model or baseline, with their intervals."""
        return {
            name: {
                metric: interval_of(value, self._drawn[name, metric])
                for metric, value in metrics.items()
            }
            for name, metrics in self.result.metrics.items()
        }

    @cached_property
    def gains(self) -> dict[str, Interval]:
        """How far the AUC of the model is above that of each other, paired."""
        metrics = self.result.metrics
        return {
            name: interval_of(
                metrics[self.name]["auc"] - metrics[name]["auc"],
                self._drawn[self.name, "auc"] - self._drawn[name, "auc"],
            )
            for name in metrics
            if name != self.name
        }

    @cached_property
    def _drawn(self) -> dict[tuple[str, str], np.ndarray]:
        """The metrics of each, of the same draws of the users."""
        users = self.candidates.user
        shares = {
            (name, metric): share
            for name, scores in self.scored.items()
            for metric, share in shares_of_users(users, *scores).items()
        }
        sums, counts = (
            np.stack([share[part] for share in shares.values()], axis=1)
            for part in range(2)
        )
        bootstrap = UserBootstrap(len(sums), seed=self.result.seed)
        drawn = bootstrap.drawn(sums, counts)
        return dict(zip(shares, drawn.T, strict=True))
