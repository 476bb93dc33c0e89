"""How sure metrics are: a bootstrap over users."""

import dataclasses

import numpy as np

from fndrec.evaluation.user_metrics import best_choices, metrics_by_user

DRAWS = 2000
LEVEL = 0.95
# Numbers drawn at once.
CHUNK = 2**24


@dataclasses.dataclass(frozen=True)
class Interval:
    """A value and where it probably lies.

    Attributes:
        value: The value.
        low: Lower end of the interval of 95%.
        high: Upper end.
    """

    value: float
    low: float
    high: float


Shares = dict[str, tuple[np.ndarray, np.ndarray]]
"""For each metric what each user adds to the sum and to the count."""


def shares_of_users(
    users: np.ndarray, scores: np.ndarray, blanks: np.ndarray
) -> Shares:
    """What each user adds to the metrics of `evaluate`.

    Args:
        users: `(likes,)` user of each row.
        scores: `(likes, candidates)`, the liked outfit in column 0.
        blanks: `(likes, choices)` scores of the blanks, column 0 the truth.

    Returns:
        For each metric two arrays `(distinct users,)`, in the order of
        `np.unique(users)`: the metric is the sum of the first over the sum
        of the second.
    """
    found: Shares = {}
    for name, values in metrics_by_user(users, scores).items():
        known = np.isfinite(values)
        found[name] = np.where(known, values, 0.0), known.astype(np.float64)
    row = np.unique(users, return_inverse=True)[1]
    likes = np.bincount(row).astype(np.float64)
    for name, choices in (("hit@1", scores), ("fitb", blanks)):
        found[name] = np.bincount(row, best_choices(choices)), likes
    return found


class UserBootstrap:
    """Intervals of metrics if other users of the same kind had come.

    Users are drawn with replacement, each with all its likes, as the likes
    of one user are not independent. The draws are the same for all that is
    asked of one object, so that differences are paired. The model and the
    candidates stay as they are: what another seed of training would change
    is not in the interval.

    Args:
        num_users: Number of users.
        draws: How often users are drawn.
        seed: Seed of the draws.

    Example:

    >>> shares = shares_of_users(users, scores, blanks)
    >>> bootstrap = UserBootstrap(len(np.unique(users)))
    >>> bootstrap.interval(*shares["auc"])
    Interval(value=0.848, low=0.839, high=0.857)

    Reference: Efron, Tibshirani 1993, An Introduction to the Bootstrap,
    section 13.3 (percentile intervals).
    """

    def __init__(
        self, num_users: int, draws: int = DRAWS, seed: int = 0
    ) -> None:
        if num_users < 1:
            raise ValueError(
                "`num_users` should be a positive integer. "
                f"Received: num_users={num_users}"
            )
        self.num_users = num_users
        self.draws = draws
        self.seed = seed

    def interval(self, sums: np.ndarray, counts: np.ndarray) -> Interval:
        """The interval of a metric.

        Args:
            sums: `(users,)` what each user adds to the sum.
            counts: `(users,)` what each user adds to the count.

        Returns:
            The metric with its interval; NaN if nothing is counted.
        """
        return interval_of(ratio(sums, counts), self.drawn(sums, counts))

    def difference(
        self,
        first: tuple[np.ndarray, np.ndarray],
        second: tuple[np.ndarray, np.ndarray],
    ) -> Interval:
        """The interval of how far one metric is above another, paired.

        Args:
            first: Sums and counts of the one, as `interval` takes them.
            second: Those of the other, of the same users.

        Returns:
            The difference with its interval.
        """
        return interval_of(
            ratio(*first) - ratio(*second),
            self.drawn(*first) - self.drawn(*second),
        )

    def drawn(self, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Metrics of each draw of the users; many at once cost as one.

        Args:
            sums: `(users,)` or `(users, metrics)`.
            counts: Of the same shape.

        Returns:
            Floats `(draws,)` or `(draws, metrics)`.
        """
        rng = np.random.default_rng(self.seed)
        size = self.num_users
        both = np.stack([sums, counts], axis=1).reshape(size, -1)
        parts = []
        rows = max(CHUNK // size, 1)
        for start in range(0, self.draws, rows):
            drawn = rng.integers(
                size, size=(min(rows, self.draws - start), size)
            )
            # How often each user was drawn.
            drawn += size * np.arange(len(drawn))[:, None]
            weights = np.bincount(drawn.ravel(), minlength=drawn.size)
            parts.append(weights.reshape(drawn.shape).astype(float) @ both)
        total = np.concatenate(parts).reshape(self.draws, 2, *sums.shape[1:])
        with np.errstate(invalid="ignore", divide="ignore"):
            return total[:, 0] / total[:, 1]


def interval_of(value: float, drawn: np.ndarray) -> Interval:
    """The percentile interval of a value.

    Args:
        value: The value.
        drawn: `(draws,)` values of the draws.

    Returns:
        The interval.
    """
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return Interval(value, float("nan"), float("nan"))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def ratio(sums: np.ndarray, counts: np.ndarray) -> float:
    """A metric from what each user adds to its sum and count."""
    total = float(counts.sum())
    return float(sums.sum()) / total if total else float("nan")
