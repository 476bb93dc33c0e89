"""Evaluation of models and baselines."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from fndrec import checks
from fndrec.data import OutfitData
from fndrec.evaluation.baselines import default_baselines
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.protocols import (
    Protocol,
    Ranking,
    default_protocol,
    protocol_named,
)
from fndrec.evaluation.protocols.candidate_ranking import CandidateRanking
from fndrec.evaluation.result import EvaluationResult
from fndrec.evaluation.scorer import ModelScorer, Scorer
from fndrec.evaluation.user_values import UserValues
from fndrec.models import OutfitRecommender

Measured = OutfitRecommender | Scorer


def evaluate(
    model: Measured | Mapping[str, Measured | Sequence[Measured]],
    data: OutfitData,
    split: str = "valid",
    *,
    protocol: str | Protocol | None = None,
    baselines: bool = True,
    seed: int | Sequence[int] = 0,
) -> EvaluationResult:
    """Evaluates models and baselines on the likes of a split.

    Every distinct item is embedded once, outfits are scored in large batches
    and metrics computed without a loop over users.

    Args:
        model: A model, or several by name. Anything that scores is measured
            in the same way, see `Scorer`. A list under one name holds runs
            of one model, trained with several seeds: its metrics are their
            means.
        data: The data set, with photos loaded if a model looks at them.
        split: Name of the split.
        protocol: A protocol or the name of one: `"type-aware"`, `"hard"`,
            `"all outfits"`, `"cold users"`, `"cold items"`. By default
            `"all outfits"` if users share outfits, else `"type-aware"`.
        baselines: Whether to rank by counts too.
        seed: Seed of the candidates; of several, metrics are means over all
            of them.

    Returns:
        An `EvaluationResult`.

    Raises:
        ValueError: If there is no such protocol, or no seed.
        TypeError: If a seed is no integer.
        DataError: If there is no such split.

    Example:

    >>> print(fndrec.evaluate({"teacher": teacher, "student": student}, data))

    Reference: Lu et al. 2019, section 5 (the default protocol).
    """
    models = model if isinstance(model, Mapping) else {"model": model}
    if protocol is None:
        protocol = default_protocol(data)
    elif isinstance(protocol, str):
        protocol = protocol_named(protocol)
    several = list(seed) if isinstance(seed, Iterable) else [seed]
    seeds = [checks.non_negative_int("seed", one) for one in several]
    if not seeds:
        raise ValueError("`seed` should hold one seed or more. Received: none")
    rankings = [protocol.prepare(data, split, one) for one in seeds]
    values: dict[str, dict[str, UserValues]] = {}
    for name, one in models.items():
        runs = list(one) if isinstance(one, Sequence) else [one]
        measured = []
        for run in runs:
            scorer = (
                ModelScorer(run, data)
                if isinstance(run, OutfitRecommender)
                else run
            )
            draws = [ranking.measure(scorer) for ranking in rankings]
            measured.append(_merged(UserValues.summed, draws))
        values[name] = _merged(UserValues.stacked, measured)
    if baselines and protocol.baselines:
        for baseline in default_baselines(data):
            draws = [ranking.measure(baseline) for ranking in rankings]
            values[baseline.name] = _merged(UserValues.summed, draws)
    return result_of(
        values, protocol, rankings[0], data, split, seeds, list(models)
    )


def result_of(
    values: Mapping[str, Mapping[str, UserValues]],
    protocol: Protocol,
    ranking: Ranking,
    data: OutfitData,
    split: str,
    seeds: list[int],
    models: list[str],
) -> EvaluationResult:
    """Makes a result from measured values and the ranking.

    Args:
        values: For each model or baseline its metrics, user by user.
        protocol: The protocol.
        ranking: What was ranked.
        data: The data set.
        split: Name of the split.
        seeds: Seeds of the candidates.
        models: Which of the names are models.

    Returns:
        The result.
    """
    return EvaluationResult.from_values(
        values,
        data=data.name,
        split=split,
        likes=ranking.likes,
        protocol=protocol.name,
        source=protocol.source,
        against=ranking.against,
        columns=dict(protocol.columns),
        seeds=seeds,
        models=models,
    )


def score_candidates(
    model: OutfitRecommender, data: OutfitData, candidates: Candidates
) -> dict[str, float]:
    """Returns the metrics of one scorer on given candidates.

    Args:
        model: The model.
        data: The data set.
        candidates: The candidates.

    Returns:
        Metrics by name.
    """
    ranking = CandidateRanking(candidates, "")
    values = ranking.measure(ModelScorer(model, data))
    return {name: value.mean for name, value in values.items()}


def _merged(
    how: Callable[[Sequence[UserValues]], UserValues],
    parts: Sequence[dict[str, UserValues]],
) -> dict[str, UserValues]:
    """Merges dictionaries of values name by name."""
    return {name: how([part[name] for part in parts]) for name in parts[0]}
