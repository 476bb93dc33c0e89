"""Result of an audit of negatives."""

import csv
import dataclasses
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data import OutfitData, SyntheticTruth
from fndrec.data.item_sets import set_ids
from fndrec.evaluation.audit.liked_probability import LikedProbability
from fndrec.evaluation.audit.precision_recall import PrecisionRecall
from fndrec.extras import require
from fndrec.files import atomic_path


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class NegativeAudit:
    """User-outfit pairs, sorted by their probability of being liked.

    Printing it gives a summary, `to_csv` a file, `to_pandas` a data frame.

    Attributes:
        data: The data set.
        user: `(pairs,)` rows of users.
        outfits: int32 `(pairs, slots)` item rows, -1 padding.
        distance_zscore: `(pairs,)` z-scores, see `CalibratedDistance`. Below 0,
            the outfit is nearer to the user than the user's likes are on
            average.
        probability: `(pairs,)` probabilities of being truly liked, falling.
        chance: Where they come from, with the estimated prior.
        audited: What was audited, in words.
    """

    data: OutfitData
    user: np.ndarray
    outfits: np.ndarray
    distance_zscore: np.ndarray
    probability: np.ndarray
    chance: LikedProbability
    audited: str

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def user_id(self) -> list[str]:
        """The user id of each pair."""
        return self.data.users.take(self.user)

    @cached_property
    def item_ids(self) -> list[str]:
        """The item ids of each outfit, joined by `;`."""
        used = self.outfits >= 0
        ends = np.cumsum(used.sum(axis=1))
        names = self.data.items.ids.take(pa.array(self.outfits[used]))
        lists = pa.ListArray.from_arrays(
            np.concatenate([[0], ends]).astype(np.int32), names
        )
        return pc.binary_join(lists, ";").to_pylist()

    @cached_property
    def outfit_id(self) -> list[str]:
        """The id of each outfit; empty if it is not in the catalogue."""
        audited, known = set_ids(self.outfits, self.data.outfit_items)
        row_of = np.full(len(audited) + len(known), -1)
        row_of[known] = np.arange(len(known))
        rows = row_of[audited]
        ids = self.data.outfits.ids.take(pa.array(rows, mask=rows < 0))
        return ids.fill_null("").to_pylist()

    @property
    def expected(self) -> float:
        """The expected number of truly liked pairs."""
        return float(self.probability.sum())

    def _columns(self) -> dict[str, Any]:
        """The columns of `to_csv` and `to_pandas`."""
        return {
            "user_id": self.user_id,
            "outfit_id": self.outfit_id,
            "item_ids": self.item_ids,
            "distance_zscore": self.distance_zscore.tolist(),
            "probability": self.probability.tolist(),
        }

    def to_csv(self, path: str | Path) -> None:
        """Writes a CSV file atomically.

        Args:
            path: Path of the file.
        """
        columns = self._columns()
        for name in ("distance_zscore", "probability"):
            columns[name] = [f"{value:.6g}" for value in columns[name]]
        with (
            atomic_path(Path(path)) as draft,
            draft.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))

    def to_pandas(self) -> Any:
        """Returns a pandas data frame with the columns of `to_csv`.

        Raises:
            ModuleNotFoundError: If pandas is not installed.
        """
        require("pandas", "pandas", "`to_pandas`")
        import pandas as pd

        return pd.DataFrame(self._columns())

    def precision_recall(
        self, liked: np.ndarray | SyntheticTruth
    ) -> PrecisionRecall:
        """Measures the audit against the ground truth.

        Args:
            liked: Bools `(pairs,)` in the order of the audit, or the truth
                of the synthetic shop that the data is.

        Returns:
            A `PrecisionRecall`.

        Raises:
            ValueError: See `PrecisionRecall.of`.
            DataError: If the truth is that of another shop.
        """
        if isinstance(liked, SyntheticTruth):
            liked = liked.aligned(self.data).liked(self.user, self.outfits)
        return PrecisionRecall.from_scores(
            self.distance_zscore, self.probability, liked
        )

    def __str__(self) -> str:
        chance = self.chance
        about, source = "about", "given"
        if chance.prior_bound is not None:
            about = "up to about"
            source = f"an estimate from above, at most {chance.prior_bound:.1%}"
        within = int((self.distance_zscore < 0).sum())
        return (
            f"{self.data.name}, {self.audited}: {len(self):,} pairs, of which "
            f"{about} {self.expected:,.0f} are truly liked\n"
            f"{within:,} have z < 0: nearer to the user than the user's likes\n"
            f"prior: {chance.prior:.1%} of such pairs are liked ({source})"
        )
