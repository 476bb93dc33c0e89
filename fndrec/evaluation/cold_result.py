"""Result of an evaluation on new users or items."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from fndrec.evaluation.markdown_table import markdown_table
from fndrec.files import atomic_write


@dataclasses.dataclass(frozen=True, eq=False)
class ColdResult:
    """AUC on users or items that are new to a model, by case.

    Printing it gives a table, `save` a JSON file.

    Attributes:
        data: Name of the data set.
        split: Split of the ranked likes.
        likes: Number of ranked likes.
        auc_by_user: For each case the AUC of each user, NaN of a user who
            has no like of that kind.
    """

    data: str
    split: str
    likes: int
    auc_by_user: dict[str, np.ndarray]

    @property
    def auc(self) -> dict[str, float]:
        """The AUC of each case, averaged over users."""
        return {
            name: float(np.nanmean(by_user))
            if np.isfinite(by_user).any()
            else float("nan")
            for name, by_user in self.auc_by_user.items()
        }

    def __str__(self) -> str:
        title = f"{self.data}, {self.split}: {self.likes:,} likes"
        rows = [
            [name, f"{int(np.isfinite(by_user).sum())}", f"{auc:9.4f}"]
            for (name, by_user), auc in zip(
                self.auc_by_user.items(), self.auc.values(), strict=True
            )
        ]
        return f"{title}\n{markdown_table(['', 'users', 'AUC'], rows)}"

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as plain Python values."""
        return {
            "data": self.data,
            "split": self.split,
            "likes": self.likes,
            "auc": self.auc,
            "users": {
                name: int(np.isfinite(by_user).sum())
                for name, by_user in self.auc_by_user.items()
            },
        }

    def save(self, path: str | Path) -> None:
        """Writes the result as JSON.

        Args:
            path: Path of the file.
        """
        atomic_write(Path(path), json.dumps(self.to_dict(), indent=2) + "\n")
