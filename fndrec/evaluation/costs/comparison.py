"""Result of a comparison of models."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from fndrec import checks
from fndrec.evaluation.costs.latency import Latency
from fndrec.evaluation.costs.model_costs import ModelCosts
from fndrec.evaluation.markdown_table import markdown_table
from fndrec.evaluation.protocols.candidate_ranking import COLUMNS
from fndrec.evaluation.result import EvaluationResult
from fndrec.files import atomic_write
from fndrec.plots.quality_plot import SIZE, Point, quality_plot

# Axes of costs in the picture.
COSTS = {
    "multiply_adds_per_item": "multiply-adds per item",
    "multiply_adds_per_outfit": "multiply-adds per outfit of 4 ready items",
    "bytes": "bytes of item tower and aggregator, float32",
}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Quality and cost of several models.

    Printing it gives tables, `to_json` a file, `plot` a picture.

    Attributes:
        evaluation: Metrics of the models and of the baselines.
        costs: Costs of the models.

    Example:

    >>> found = fndrec.compare({"teacher": teacher, "student": student}, data)
    >>> found.costs["student"].multiply_adds_per_item
    5783168
    """

    evaluation: EvaluationResult
    costs: dict[str, ModelCosts]

    def __str__(self) -> str:
        return self.to_markdown()

    def to_markdown(self) -> str:
        """Returns quality, size, work and time as Markdown tables."""
        parts = [
            str(self.evaluation).replace("\n", "\n\n", 1),
            "Parameters, and the kB of them that a device needs (item tower "
            "and aggregator, no users); the item tower in float32 and with "
            "8-bit weights (int8), the mean cosine of int8 and float item "
            "vectors, and the AUC with int8 item vectors",
            self._size_table(),
        ]
        failed = [
            f"- {name}: no int8 item tower: {found.int8.reason}"
            for name, found in self.costs.items()
            if found.int8.reason is not None
        ]
        if failed:
            parts.append("\n".join(failed))
        parts += [
            "Multiply-adds of an item, and of an outfit of 4 ready item "
            "vectors; milliseconds as median (quartiles), and the ratio to "
            f"{next(iter(self.costs))}",
            self._work_table(),
        ]
        return "\n\n".join(parts)

    def _size_table(self) -> str:
        rows = []
        for name, found in self.costs.items():
            int8 = found.int8
            rows.append(
                [
                    name,
                    f"{found.parameters:,}",
                    f"{found.parameters_without_users:,}",
                    f"{found.bytes / 1000:,.1f}",
                    f"{found.item_tower_bytes / 1000:,.1f}",
                    *(
                        ["failed", "", ""]
                        if int8.bytes is None
                        else [
                            f"{int8.bytes / 1000:,.1f}",
                            f"{int8.cosine:.5f}",
                            f"{int8.auc:.4f}",
                        ]
                    ),
                ]
            )
        heads = ["model", "parameters", "without users", "device kB"]
        heads += ["tower kB", "int8 tower kB", "cosine", "int8 AUC"]
        return markdown_table(heads, rows)

    def _work_table(self) -> str:
        first = next(iter(self.costs.values()))
        rows = [
            [
                name,
                f"{found.multiply_adds_per_item:,}",
                f"{found.multiply_adds_per_outfit:,}",
                *(
                    _time(found.latency[what], first.latency[what])
                    for what in first.latency
                ),
            ]
            for name, found in self.costs.items()
        ]
        times = [f"{what}, ms" for what in first.latency]
        return markdown_table(["model", "per item", "per outfit", *times], rows)

    def to_dict(self) -> dict[str, Any]:
        """Returns the comparison as plain Python values."""
        return {
            "evaluation": self.evaluation.to_dict(),
            "costs": {
                name: dataclasses.asdict(found)
                for name, found in self.costs.items()
            },
        }

    def to_json(self, path: str | Path) -> None:
        """Writes the comparison as JSON.

        Args:
            path: Path of the file.
        """
        atomic_write(Path(path), json.dumps(self.to_dict(), indent=2) + "\n")

    def plot(
        self,
        path: str | Path,
        cost: str = "multiply_adds_per_item",
        metric: str = "auc",
        size: tuple[float, float] = SIZE,
    ) -> None:
        """Plots quality against cost.

        The area of a marker, and the number at it, are the parameters
        without the table of users. The best baseline is a dashed line.

        Args:
            path: The file to write: PNG, or SVG if it is called `*.svg`.
            cost: `"multiply_adds_per_item"`, `"multiply_adds_per_outfit"` or
                `"bytes"`.
            metric: `"auc"`, `"ndcg"`, `"mean_ndcg"`, `"hit@1"` or `"fitb"`.
            size: Width and height in inches.

        Raises:
            ValueError: If `cost` or `metric` is none of these.
        """
        checks.one_of("cost", cost, COSTS)
        checks.one_of("metric", metric, COLUMNS)
        evaluation = self.evaluation
        points = [
            Point(
                name,
                getattr(found, cost),
                evaluation.metrics[name][metric],
                found.parameters_without_users,
            )
            for name, found in self.costs.items()
        ]
        baselines = [
            (name, values[metric])
            for name, values in evaluation.metrics.items()
            if name not in self.costs
        ]
        quality_plot(
            points,
            max(baselines, key=lambda one: one[1]),
            path,
            title=f"{evaluation.data}, {evaluation.likes:,} likes of "
            f"{evaluation.split}, {evaluation.against}",
            x_label=COSTS[cost],
            y_label=COLUMNS[metric],
            size=size,
        )


def _time(found: Latency, first: Latency) -> str:
    return (
        f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f}), "
        f"{found.median / first.median:.2f}x"
    )
