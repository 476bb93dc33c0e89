"""How a number is spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Spread:
    """How a number is spread.

    Args:
        low: The least.
        median: The median.
        mean: The mean.
        high: The greatest.
    """

    low: int
    median: float
    mean: float
    high: int

    @classmethod
    def of(cls, counts: npt.NDArray[np.integer]) -> Spread:
        """The spread of counts; zeros if there are none."""
        if not len(counts):
            return cls(0, 0.0, 0.0, 0)
        return cls(
            int(counts.min()),
            float(np.median(counts)),
            float(counts.mean()),
            int(counts.max()),
        )

    def __str__(self) -> str:
        return (
            f"{self.low:,} to {self.high:,}, median {self.median:,.10g}, "
            f"mean {self.mean:,.1f}"
        )
