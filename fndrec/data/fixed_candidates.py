"""Evaluation candidates that a data set comes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

CandidateKind = Literal["negatives", "blanks"]


# Arrays have no truth value, so a generated `__eq__` would raise.
@dataclass(frozen=True, eq=False, repr=False)
class FixedCandidates:
    """Candidates that a published data set ranks each like against.

    `read_fixed` reads them. Rows refer to the `OutfitData` passed to it.

    Args:
        kind: `"negatives"`: each liked outfit against other outfits.
            `"blanks"`: each liked outfit against copies with one item
            replaced by a wrong one (fill in the blank).
        user: int32 array `(questions,)`, rows of `OutfitData.users`.
        outfits: int32 array `(questions, candidates, slots)`, rows of
            `OutfitData.items`, padded with -1 at the end. Column 0 is the
            liked outfit.
        source: The file or files that the candidates were read from.

    Example:

    >>> data = fndrec.load_data("polyvore", variant="630")
    >>> fixed = fndrec.data.read_fixed("polyvore", data, variant="630")
    >>> fixed["fitb_test"].outfits.shape
    (12600, 4, 3)
    """

    kind: CandidateKind
    user: npt.NDArray[np.int32]
    outfits: npt.NDArray[np.int32]
    source: str

    def __len__(self) -> int:
        return len(self.user)

    def __repr__(self) -> str:
        return (
            f"FixedCandidates({len(self)} {self.kind}, "
            f"candidates={self.outfits.shape[1]}, source={self.source!r})"
        )
