"""Result of an evaluation."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from fndrec import checks
from fndrec.evaluation.markdown_table import markdown_table
from fndrec.evaluation.user_values import Interval, UserValues, intervals
from fndrec.files import atomic_write


@dataclasses.dataclass(frozen=True)
class EvaluationResult:
    """Metrics of models and baselines on the same likes.

    Printing it gives a table, `save` a JSON file.

    Attributes:
        data: Name of the data set.
        split: Name of the split.
        likes: Number of likes ranked.
        protocol: Name of the protocol.
        source: Who measured so before.
        against: What the likes are ranked against, in words.
        columns: Heads of the metrics, by their keys.
        seeds: Seeds of the candidates.
        metrics: For each model or baseline its metrics by key. Those of
            the protocols with candidates: see `user_metrics`; and
            `"hit@1"`, the share of likes ranked above all their negatives,
            `"fitb"`, fill-in-the-blank accuracy.
        intervals: For each of these the ends of its 95% bootstrap interval,
            over users, and over the runs of a model if there are several.
        models: Which of the names are models; the others are baselines.
        values: The metrics user by user, which `difference` needs; not in
            the JSON file.
    """

    data: str
    split: str
    likes: int
    protocol: str
    source: str
    against: str
    columns: dict[str, str]
    seeds: list[int]
    metrics: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, list[float]]]
    models: list[str]
    values: Mapping[str, Mapping[str, UserValues]] | None = dataclasses.field(
        default=None, compare=False, repr=False
    )

    @classmethod
    def from_values(
        cls, values: Mapping[str, Mapping[str, UserValues]], **known: Any
    ) -> Self:
        """Makes a result from the metrics of each user.

        Args:
            values: For each model or baseline its metrics by key.
            **known: The other attributes.

        Returns:
            The result.
        """
        found = intervals(
            {
                (name, key): value
                for name, of_name in values.items()
                for key, value in of_name.items()
            }
        )
        return cls(
            metrics={
                name: {key: value.mean for key, value in of_name.items()}
                for name, of_name in values.items()
            },
            intervals={
                name: {
                    key: [found[name, key].low, found[name, key].high]
                    for key in of_name
                }
                for name, of_name in values.items()
            },
            values=values,
            **known,
        )

    def __str__(self) -> str:
        return self.table()

    def table(self, intervals: bool = False) -> str:
        """Returns a line on what was ranked, and a table of the metrics.

        Args:
            intervals: Whether the ends of the intervals are shown.

        Returns:
            A line and a Markdown table.
        """
        title = f"{self.data}, {self.split}: {self.likes:,} likes, "
        return f"{title}{self.against}\n{self.to_markdown(intervals)}"

    def to_markdown(self, intervals: bool = False) -> str:
        """Returns the metrics as a Markdown table.

        Args:
            intervals: Whether the ends of the intervals are shown.

        Returns:
            The table.
        """

        def cell(name: str, key: str) -> str:
            shown = f"{self.metrics[name][key]:9.4f}"
            if not intervals:
                return shown
            low, high = self.intervals[name][key]
            return f"{shown} [{low:.4f}, {high:.4f}]"

        rows = [
            [name, *(cell(name, key) for key in self.columns)]
            for name in self.metrics
        ]
        return markdown_table(["model", *self.columns.values()], rows)

    def difference(
        self, first: str, second: str, metric: str = "auc"
    ) -> Interval:
        """Returns the paired difference between two models or baselines.

        Args:
            first: Name of the one.
            second: Name of the other.
            metric: Key of the metric.

        Returns:
            The difference with its 95% bootstrap interval, over the same
            users, and runs, for both.

        Raises:
            ValueError: If a name is not known, the result was read from a
                file, or the two have different numbers of runs.
        """
        if self.values is None:
            raise ValueError(
                "A difference needs the metrics of each user. Received: a "
                "result that was read from a file"
            )
        checks.one_of("first", first, self.metrics)
        checks.one_of("second", second, self.metrics)
        checks.one_of("metric", metric, self.columns)
        return self.values[first][metric].difference(
            self.values[second][metric]
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as plain Python values."""
        plain = dataclasses.replace(self, values=None)
        found = dataclasses.asdict(plain)
        del found["values"]
        return found

    def save(self, path: str | Path) -> None:
        """Writes the result as JSON.

        Args:
            path: Path of the file.
        """
        atomic_write(Path(path), json.dumps(self.to_dict(), indent=2) + "\n")
