"""The likes of a split, ranked by models and baselines."""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Self

import numpy as np

from fndrec.data import OutfitData
from fndrec.evaluation import (
    Candidates,
    EvaluationResult,
    Interval,
    SampledNegatives,
    Scorer,
    default_baselines,
)
from fndrec.evaluation.evaluate import result_of
from fndrec.evaluation.scorer import ModelScorer
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
    scored: dict[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def from_models(
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
        protocol = SampledNegatives(negatives, negative_sampling)
        ranking = protocol.prepare(data, split, seed)
        scorers: dict[str, Scorer] = {
            name: ModelScorer(model, data) for name, model in models.items()
        }
        scorers |= {one.name: one for one in default_baselines(data)}
        scored = {name: ranking.score(one) for name, one in scorers.items()}
        values = {name: ranking.values(*one) for name, one in scored.items()}
        result = result_of(
            values, protocol, ranking, data, split, [seed], list(models)
        )
        return cls(result, ranking.candidates, scored)

    @property
    def name(self) -> str:
        """The name of the model that the page is about."""
        return self.result.models[0]

    @property
    def scores(self) -> np.ndarray:
        """The scores `(likes, 1 + negatives)` of that model."""
        return self.scored[self.name][0]

    @cached_property
    def user_auc(self) -> tuple[np.ndarray, np.ndarray]:
        """The user rows of the split and their AUC; NaN if undefined."""
        users = self.candidates.user
        return np.unique(users), metrics_by_user(users, self.scores)["auc"]

    @cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """The metrics of each model and baseline, with intervals."""
        return {
            name: {
                metric: Interval(value, *self.result.intervals[name][metric])
                for metric, value in metrics.items()
            }
            for name, metrics in self.result.metrics.items()
        }

    @cached_property
    def gains(self) -> dict[str, Interval]:
        """The paired difference in AUC from the model to each other scorer."""
        return {
            name: self.result.difference(self.name, name)
            for name in self.result.metrics
            if name != self.name
        }
