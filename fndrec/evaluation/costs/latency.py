"""Latency of calls, measured side by side."""

import dataclasses
import time
from collections.abc import Callable, Mapping

import numpy as np

WARM_UP = 3


@dataclasses.dataclass(frozen=True)
class Latency:
    """Latency of a call in milliseconds.

    Attributes:
        median: Half of the calls took less.
        low: A quarter of the calls took less.
        high: A quarter of the calls took more.
    """

    median: float
    low: float
    high: float


def measure(
    calls: Mapping[str, Callable[[], object]], repetitions: int
) -> dict[str, Latency]:
    """Times calls in turns, so that noise affects all alike.

    Args:
        calls: The calls by name, each of which returns when its work is done.
        repetitions: How often each is timed, after a warm-up.

    Returns:
        The latency of each.

    Example:

    >>> measure({"small": small, "large": large}, repetitions=20)["small"]
    Latency(median=0.21, low=0.2, high=0.23)
    """
    for call in calls.values():
        for _ in range(WARM_UP):
            call()
    taken = np.zeros((repetitions, len(calls)))
    for row in taken:
        for i, call in enumerate(calls.values()):
            start = time.perf_counter()
            call()
            row[i] = time.perf_counter() - start
    low, median, high = 1000 * np.percentile(taken, (25, 50, 75), axis=0)
    return {
        name: Latency(float(median[i]), float(low[i]), float(high[i]))
        for i, name in enumerate(calls)
    }
