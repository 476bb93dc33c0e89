"""Paired differences with confidence intervals."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
DRAWS = 10_000


@dataclass(frozen=True)
class Difference:
    """A paired difference of AUCs with its 95% bootstrap interval.

    Attributes:
        mean: The difference.
        low: Lower end.
        high: Upper end.
        runs: Number of pairs of runs.
        wins: In how many of them the first is the better.
    """

    mean: float
    low: float
    high: float
    runs: int
    wins: int

    @property
    def is_above_zero(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0


def paired_difference(
    first: list[FloatArray], second: list[FloatArray], seed: int = 0
) -> Difference:
    """Bootstraps seeds and users at once, world by world.

    Args:
        first: For each world the AUCs `(seeds, users)` of one variant; NaN
            where a user has none.
        second: Those of the other, the same seeds and users.
        seed: Seed of the bootstrap.

    Returns:
        The difference, worlds counting alike.

    Example:

    >>> one = [np.full((5, 40), 0.8)]
    >>> other = [np.full((5, 40), 0.7)]
    >>> round(paired_difference(one, other).low, 3)
    0.1
    """
    rng = np.random.default_rng(seed)
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    # A user without an AUC is left out of all runs.
    gaps = [gap[:, np.isfinite(gap).all(axis=0)] for gap in gaps]
    draws = np.zeros((len(gaps), DRAWS))
    for row, gap in enumerate(gaps):
        runs, users = gap.shape
        # How often each run and each user is drawn.
        run = rng.multinomial(runs, np.full(runs, 1 / runs), DRAWS) / runs
        user = rng.multinomial(users, np.full(users, 1 / users), DRAWS) / users
        draws[row] = np.einsum("dr,ru,du->d", run, gap, user, optimize=True)
    low, high = np.quantile(draws.mean(axis=0), [0.025, 0.975])
    by_run = np.concatenate([gap.mean(axis=1) for gap in gaps])
    return Difference(
        mean=float(np.mean([gap.mean() for gap in gaps])),
        low=float(low),
        high=float(high),
        runs=len(by_run),
        wins=int((by_run > 0).sum()),
    )
