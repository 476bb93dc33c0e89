"""Comparison of models by quality and cost."""

from collections.abc import Callable, Mapping

from fndrec.checks import positive_int
from fndrec.data import OutfitData
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.costs.comparison import Comparison
from fndrec.evaluation.costs.int8_tower import int8_tower
from fndrec.evaluation.costs.latency import measure
from fndrec.evaluation.costs.model_costs import ModelCosts
from fndrec.evaluation.costs.multiply_adds import multiply_adds
from fndrec.evaluation.costs.work import Work, item_work, outfit_work
from fndrec.evaluation.evaluate import evaluate
from fndrec.evaluation.protocols import SampledNegatives
from fndrec.models import OutfitRecommender, align

# What is timed.
TIMED: dict[str, Callable[[OutfitRecommender, OutfitData], Work]] = {
    "1 item": lambda model, data: item_work(model, data, 1),
    "32 items": lambda model, data: item_work(model, data, 32),
    "1000 outfits": lambda model, _: outfit_work(model, 1000),
}
FLOAT32 = 4


def compare(
    models: Mapping[str, OutfitRecommender],
    data: OutfitData,
    split: str = "valid",
    *,
    negatives: int = 10,
    negative_sampling: str | Mapping[str, float] | None = None,
    seed: int = 0,
    repetitions: int = 20,
) -> Comparison:
    """Compares models by quality and cost.

    Metrics are those of `evaluate`, on the same candidates for all.
    Multiply-adds are counted from the graphs, see `multiply_adds`. Times are
    of calls on ready inputs, taken in turns; they depend on the machine, so
    look at their ratios.

    Args:
        models: The models by name; others are compared with the first.
        data: The data set, with photos loaded if a model looks at them.
        split: Name of the split that is ranked.
        negatives: Negatives of each like.
        negative_sampling: Kind of the negatives, see `Candidates.from_data`.
        seed: Seed of the candidates.
        repetitions: How often each call is timed.

    Returns:
        A `Comparison`.

    Raises:
        ValueError: If there is no model, or `repetitions` is not positive.
        DataError: If there is no such split, or the data lacks what a model
            looks at.

    Example:

    >>> found = fndrec.compare({"teacher": teacher, "student": student}, data)
    >>> print(found)
    >>> found.plot("comparison.png")
    """
    if not models:
        raise ValueError(
            f"`models` should hold one model or more. Received: models={models}"
        )
    repetitions = positive_int("repetitions", repetitions)
    evaluation = evaluate(
        models,
        data,
        split,
        protocol=SampledNegatives(negatives, negative_sampling),
        seed=seed,
    )
    # The seed gives the candidates of `evaluate` again.
    candidates = Candidates.from_data(
        data, split, negatives, negative_sampling, seed
    )
    return Comparison(
        evaluation, model_costs(models, data, candidates, repetitions)
    )


def model_costs(
    models: Mapping[str, OutfitRecommender],
    data: OutfitData,
    candidates: Candidates,
    repetitions: int,
) -> dict[str, ModelCosts]:
    """Measures the costs of models.

    Args:
        models: The models by name.
        data: The data set, with photos loaded if a model looks at them.
        candidates: Outfits that are ranked with 8-bit weights.
        repetitions: How often each call is timed.

    Returns:
        The costs of each.
    """
    ready = {name: align(model, data) for name, model in models.items()}
    models = {name: model for name, (model, _) in ready.items()}
    seen = {name: as_seen for name, (_, as_seen) in ready.items()}
    latency = {
        what: measure(
            {
                name: make(model, seen[name]).traced()
                for name, model in models.items()
            },
            repetitions,
        )
        for what, make in TIMED.items()
    }
    costs = {}
    for name, model in models.items():
        parameters = model.count_params()
        tower = model.item_tower.count_params()
        costs[name] = ModelCosts(
            parameters=parameters,
            parameters_without_users=parameters
            - model.user_embedding.count_params(),
            bytes=FLOAT32 * (tower + model.aggregator.count_params()),
            item_tower_bytes=FLOAT32 * tower,
            int8=int8_tower(model, seen[name], candidates),
            multiply_adds_per_item=_count(item_work(model, seen[name], 1)),
            multiply_adds_per_outfit=_count(outfit_work(model, 1)),
            latency={what: found[name] for what, found in latency.items()},
        )
    return costs


def _count(work: Work) -> int:
    return multiply_adds(work.function, *work.inputs)
