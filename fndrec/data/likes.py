"""The likes of a split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


# Arrays have no truth value, so a generated `__eq__` would raise.
@dataclass(frozen=True, eq=False)
class Likes:
    """Likes of a split, one per position, as rows of users and outfits.

    Args:
        user: int32 array `(likes,)`, rows of `OutfitData.users`.
        outfit: int32 array `(likes,)`, rows of `OutfitData.outfits`.
    """

    user: npt.NDArray[np.int32]
    outfit: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.user)

    def __repr__(self) -> str:
        return f"Likes({len(self)})"
