"""Models and baselines side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fndrec.data import OutfitData
from fndrec.evaluation.baselines import default_baselines
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.result import EvaluationResult
from fndrec.evaluation.user_metrics import best_choice_rate, user_metrics
from fndrec.models import OutfitRecommender

Scores = tuple[np.ndarray, np.ndarray]
"""Of candidates `(likes, 1 + negatives)`, and of blanks `(likes, choices)`."""


def evaluate(
    model: OutfitRecommender | Mapping[str, OutfitRecommender],
    data: OutfitData,
    split: str = "valid",
    *,
    negatives: int = 10,
    negative_sampling: str | Mapping[str, float] | None = None,
    baselines: bool = True,
    seed: int = 0,
) -> EvaluationResult:
    """Ranks each like of a split against negatives, as the peers do.

    Every distinct item is embedded once, outfits are scored in large batches
    and metrics computed without a loop over users.

    Args:
        model: A model, or several by name.
        data: The data set, with photos loaded if a model looks at them.
        split: Name of the split.
        negatives: Negatives of each like.
        negative_sampling: Kind of the negatives, see `Candidates.of`.
        baselines: Whether to rank by counts too.
        seed: Seed of the candidates.

    Returns:
        An `EvaluationResult`.

    Raises:
        DataError: If there is no such split.

    Example:

    >>> print(fndrec.evaluate({"teacher": teacher, "student": student}, data))

    Reference: Lu et al. 2019, section 5 (the protocol).
    """
    models = model if isinstance(model, Mapping) else {"model": model}
    candidates = Candidates.of(data, split, negatives, negative_sampling, seed)
    scored = score_all(models, data, candidates, baselines)
    return result_of(scored, list(models), data, split, candidates, seed)


def result_of(
    scored: Mapping[str, Scores],
    models: list[str],
    data: OutfitData,
    split: str,
    candidates: Candidates,
    seed: int,
) -> EvaluationResult:
    """The metrics of scored candidates.

    Args:
        scored: What `score_all` gives.
        models: Which of the names are models.
        data: The data set.
        split: Name of the split.
        candidates: The candidates.
        seed: Their seed.

    Returns:
        The result.
    """
    return EvaluationResult(
        data=data.name,
        split=split,
        likes=len(candidates.user),
        negatives=candidates.outfits.shape[1] - 1,
        negative_sampling=candidates.sampling,
        seed=seed,
        metrics={
            name: summarise(candidates.user, *scores)
            for name, scores in scored.items()
        },
        models=models,
    )


def score_all(
    models: Mapping[str, OutfitRecommender],
    data: OutfitData,
    candidates: Candidates,
    baselines: bool = True,
) -> dict[str, Scores]:
    """Scores of models, and of the baselines, on given candidates.

    Args:
        models: The models by name.
        data: The data set.
        candidates: The candidates.
        baselines: Whether to rank by counts too.

    Returns:
        For each model or baseline the scores of `candidates.outfits` and of
        `candidates.blanks`.
    """
    scored = {
        name: scores_of(one, data, candidates) for name, one in models.items()
    }
    for baseline in default_baselines(data) if baselines else []:
        scored[baseline.name] = (
            baseline.score(candidates.user, candidates.outfits),
            baseline.score(candidates.user, candidates.blanks),
        )
    return scored


def scores_of(
    model: OutfitRecommender, data: OutfitData, candidates: Candidates
) -> Scores:
    """Scores of one model on given candidates.

    Args:
        model: The model.
        data: The data set.
        candidates: The candidates.

    Returns:
        The scores of `candidates.outfits` and of `candidates.blanks`.
    """
    model, data = model.seeing(data)
    sets = np.concatenate([candidates.outfits, candidates.blanks], axis=1)
    scores = model.score_sets(data, data.user_index[candidates.user], sets)
    width = candidates.outfits.shape[1]
    return scores[:, :width], scores[:, width:]


def score_candidates(
    model: OutfitRecommender, data: OutfitData, candidates: Candidates
) -> dict[str, float]:
    """Metrics of one model on given candidates.

    Args:
        model: The model.
        data: The data set.
        candidates: The candidates.

    Returns:
        Metrics by name.
    """
    return summarise(candidates.user, *scores_of(model, data, candidates))


def summarise(
    users: np.ndarray, scores: np.ndarray, blanks: np.ndarray
) -> dict[str, Any]:
    """All metrics of scored candidates.

    Args:
        users: `(likes,)` rows of users.
        scores: `(likes, candidates)` scores, column 0 the liked outfit.
        blanks: `(likes, choices)` scores of the blanks, column 0 the truth.

    Returns:
        Metrics by name.
    """
    return {
        **user_metrics(users, scores),
        "hit@1": best_choice_rate(scores),
        "fitb": best_choice_rate(blanks),
    }
