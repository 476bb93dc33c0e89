"""A metric, user by user."""

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from typing import Self, TypeVar

import numpy as np

from fndrec import checks

Name = TypeVar("Name", bound=Hashable)

DRAWS = 1000
# Draws at once: users of a large shop times these have to fit into memory.
CHUNK = 50


@dataclasses.dataclass(frozen=True)
class Interval:
    """A value with its 95% confidence interval.

    Attributes:
        value: The value.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, eq=False)
class UserValues:
    """A metric as the sum and the number of cases per user.

    The metric is `total.sum() / count.sum()`: the mean over users if each
    user is one case, the mean over likes if each like is one. Intervals
    resample users, because the likes of one user are not independent.

    Attributes:
        total: Floats `(users,)`, or `(runs, users)` of several trained
            models.
        count: Floats of the same shape; 0 of a user without a case.

    Example:

    >>> UserValues(np.array([0.9, 0.0]), np.array([1.0, 0.0])).mean
    0.9
    """

    total: np.ndarray
    count: np.ndarray

    @classmethod
    def of_users(cls, values: np.ndarray) -> Self:
        """Makes values with one case per user.

        Args:
            values: `(users,)`, NaN of a user who has none.

        Returns:
            The values.
        """
        known = np.isfinite(values)
        return cls(np.where(known, values, 0.0), known.astype(float))

    @classmethod
    def of_likes(cls, users: np.ndarray, values: np.ndarray) -> Self:
        """Makes values with one case per like.

        Args:
            users: `(likes,)` the user of each.
            values: `(likes,)`.

        Returns:
            The values, in the order of `np.unique(users)`.
        """
        place = np.unique(users, return_inverse=True)[1]
        return cls(
            np.bincount(place, values).astype(float),
            np.bincount(place).astype(float),
        )

    @classmethod
    def summed(cls, draws: Sequence["UserValues"]) -> Self:
        """Sums measurements of the same users and likes on several draws."""
        return cls(
            np.sum([one.total for one in draws], axis=0),
            np.sum([one.count for one in draws], axis=0),
        )

    @classmethod
    def stacked(cls, runs: Sequence["UserValues"]) -> Self:
        """Stacks measurements of the same users by several models."""
        return cls(
            np.stack([one.total for one in runs]),
            np.stack([one.count for one in runs]),
        )

    @property
    def mean(self) -> float:
        """The metric; NaN if there is no case."""
        count = self.count.sum()
        return float(self.total.sum() / count) if count else float("nan")

    def interval(self, seed: int = 0) -> Interval:
        """Returns the 95% bootstrap interval over users, and over runs.

        Args:
            seed: Seed of the bootstrap.

        Returns:
            The metric with its ends; NaN if there is no case.
        """
        return intervals({"": self}, seed)[""]

    def difference(self, other: "UserValues", seed: int = 0) -> Interval:
        """Returns how far this metric lies above another, user by user.

        Args:
            other: The metric of the same users, and of as many runs, which
                are paired. Values without runs, such as those of a baseline,
                are the same in each run.
            seed: Seed of the bootstrap.

        Returns:
            The difference with its 95% interval.

        Raises:
            ValueError: If the shapes differ.
        """
        pair = [self._in_runs_of(other), other._in_runs_of(self)]
        if pair[0].total.shape != pair[1].total.shape:
            raise ValueError(
                "`other` should be of the same users and runs, shape "
                f"{self.total.shape}. Received: shape {other.total.shape}"
            )
        own, others = _resampled(pair, seed)
        return _interval(self.mean - other.mean, own - others)

    def _in_runs_of(self, other: "UserValues") -> "UserValues":
        if self.total.ndim == 2 or other.total.ndim == 1:
            return self
        runs = len(other.total)
        return UserValues.stacked([self] * runs)


def intervals(
    values: Mapping[Name, UserValues], seed: int = 0
) -> dict[Name, Interval]:
    """Returns 95% bootstrap intervals of metrics on the same resamples.

    Args:
        values: The metrics by any names.
        seed: Seed of the bootstrap.

    Returns:
        Their intervals.

    Reference: Efron, Tibshirani 1993, An Introduction to the Bootstrap,
    section 13.3 (percentile intervals).
    """
    alike: dict[tuple[int, ...], list[Name]] = {}
    for name, value in values.items():
        alike.setdefault(value.total.shape, []).append(name)
    found: dict[Name, Interval] = {}
    for names in alike.values():
        draws = _resampled([values[name] for name in names], seed)
        for name, drawn in zip(names, draws, strict=True):
            found[name] = _interval(values[name].mean, drawn)
    return {name: found[name] for name in values}


def _resampled(values: Sequence[UserValues], seed: int) -> np.ndarray:
    """Resamples users and runs, the same for all metrics of one shape.

    Returns:
        Floats `(metrics, draws)`.
    """
    parts = [
        np.stack([np.atleast_2d(getattr(one, part)) for one in values])
        for part in ("total", "count")
    ]
    metrics, runs, users = parts[0].shape
    rng = np.random.default_rng(checks.non_negative_int("seed", seed))
    run = rng.multinomial(runs, np.full(runs, 1 / runs), DRAWS)
    sums = np.zeros((2, metrics, DRAWS))
    for start in range(0, DRAWS, CHUNK):
        part = slice(start, start + CHUNK)
        # How often each user is drawn: Poisson, as of many.
        user = rng.poisson(1.0, (CHUNK, users)).astype(float)
        for row, of_users in enumerate(parts):
            drawn = user @ of_users.reshape(-1, users).T
            by_run = drawn.reshape(CHUNK, metrics, runs)
            sums[row, :, part] = np.einsum("dmr,dr->md", by_run, run[part])
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[0] / sums[1]


def _interval(value: float, draws: np.ndarray) -> Interval:
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(value, float(low), float(high))
