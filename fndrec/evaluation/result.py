"""What an evaluation found."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from fndrec.data import atomic_write
from fndrec.evaluation.markdown_table import markdown_table

COLUMNS = {
    "auc": "AUC",
    "ndcg": "NDCG",
    "mean_ndcg": "mean NDCG",
    "hit@1": "hit@1",
    "fitb": "FITB",
}


@dataclasses.dataclass(frozen=True)
class EvaluationResult:
    """Metrics of models and baselines on the same candidates.

    Printing it gives a table, `save` a JSON file.

    Attributes:
        data: Name of the data set.
        split: Name of the split.
        likes: Number of likes ranked.
        negatives: Negatives of each like.
        negative_sampling: Kind of the negatives.
        seed: Seed of the candidates.
        metrics: For each model or baseline its metrics, see `user_metrics`;
            and `"hit@1"`, the share of likes ranked above all their
            negatives, `"fitb"`, fill-in-the-blank accuracy of 4 choices.
        models: Which of the names are models; the others are baselines.
    """

    data: str
    split: str
    likes: int
    negatives: int
    negative_sampling: str
    seed: int
    metrics: dict[str, dict[str, float]]
    models: list[str]

    def __str__(self) -> str:
        title = (
            f"{self.data}, {self.split}: {self.likes:,} likes, each against "
            f"{self.negatives} negatives ({self.negative_sampling})"
        )
        return f"{title}\n{self.to_markdown()}"

    def to_markdown(self) -> str:
        """The metrics as a Markdown table."""
        rows = [
            [name, *(f"{values[key]:9.4f}" for key in COLUMNS)]
            for name, values in self.metrics.items()
        ]
        return markdown_table(["model", *COLUMNS.values()], rows)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain Python values."""
        return dataclasses.asdict(self)

    def save(self, path: str | Path) -> None:
        """Writes the result as JSON.

        Args:
            path: Path of the file.
        """
        atomic_write(Path(path), json.dumps(self.to_dict(), indent=2) + "\n")
