"""Candidates that a data set comes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


# Arrays have no truth value, so a generated `__eq__` would raise.
@dataclass(frozen=True, eq=False, repr=False)
class FixedCandidates:
    """What a published set has each like ranked against.

    Read by `read_fixed`; rows are those of the `OutfitData` given there.

    Args:
        kind: `"negatives"`: each liked outfit with outfits that stand
            against it. `"blanks"`: each liked outfit, and it with one item
            exchanged for a wrong one (fill in the blank).
        user: int32 array `(questions,)`, rows of `OutfitData.users`.
        outfits: int32 array `(questions, candidates, slots)`, rows of
            `OutfitData.items`, padded with -1 at the end. Column 0 is the
            liked outfit.
        source: The file or files that it was read from.

    Example:

    >>> data = fndrec.load_data("polyvore", variant="630")
    >>> fixed = fndrec.data.read_fixed("polyvore", data, variant="630")
    >>> fixed["fitb_test"].outfits.shape
    (12600, 4, 3)
    """

    kind: Literal["negatives", "blanks"]
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
