"""A cost as a sum of terms, fitted to measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls


@dataclass(frozen=True)
class Point:
    """One measurement.

    Attributes:
        name: What was measured.
        terms: How much of each term it has.
        value: What it came to.
        held_out: Whether it is for the check alone.
    """

    name: str
    terms: Mapping[str, float]
    value: float
    held_out: bool = False


@dataclass(frozen=True)
class Law:
    """What one unit of each term costs; none is below 0.

    Attributes:
        cost: The cost of each term.
    """

    cost: Mapping[str, float]

    @classmethod
    def fitted(cls, points: Sequence[Point]) -> "Law":
        """The law with the least relative squared error on the points.

        Args:
            points: All points; those held out are left out.

        Returns:
            The law.
        """
        used = [point for point in points if not point.held_out]
        names = list(dict.fromkeys(name for p in used for name in p.terms))
        matrix = np.array([[p.terms.get(n, 0.0) for n in names] for p in used])
        matrix /= np.array([p.value for p in used])[:, None]
        # Of one size, as the solver's tolerance is an absolute one.
        size = matrix.max(axis=0)
        found, _ = nnls(matrix / size, np.ones(len(used)))
        costs = (found / size).tolist()
        return cls(dict(zip(names, costs, strict=True)))

    def __call__(self, **terms: float) -> float:
        """The predicted value of so much of each term."""
        return sum(self.cost[name] * much for name, much in terms.items())

    def errors(self, points: Sequence[Point]) -> list[float]:
        """Relative errors of the predictions of all points."""
        return [self(**p.terms) / p.value - 1.0 for p in points]
