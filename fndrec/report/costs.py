"""Section of the report: quality and cost."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fndrec.data import OutfitData
from fndrec.evaluation import Comparison
from fndrec.evaluation.costs.compare import model_costs
from fndrec.models import OutfitRecommender
from fndrec.report.figures import Figures
from fndrec.report.ranking import Ranking

REPETITIONS = 10
SIZE = (5.4, 4.3)
SHOWN = {
    "multiply_adds_per_item": "AUC against work",
    "bytes": "AUC against size on a device",
}


def costs_of(
    models: Mapping[str, OutfitRecommender],
    data: OutfitData,
    ranking: Ranking,
    figures: Figures,
) -> dict[str, Any]:
    """Measures the costs of models.

    Args:
        models: The models by name.
        data: The data set.
        ranking: Their ranking.
        figures: Makes the plots.

    Returns:
        `"models"`, the `ModelCosts` of each, and `"plots"`, with captions.
    """
    found = Comparison(
        ranking.result,
        model_costs(models, data, ranking.candidates, repetitions=REPETITIONS),
    )
    plots = []
    for cost, caption in SHOWN.items():
        text = "; ".join(
            f"{name} {getattr(costs, cost):,}, AUC "
            f"{ranking.result.metrics[name]['auc']:.3f}"
            for name, costs in found.costs.items()
        )
        plot = partial(found.plot, cost=cost, size=SIZE)
        plots.append((caption, figures.from_file(plot, f"{caption}. {text}")))
    return {"models": found.costs, "plots": plots}
