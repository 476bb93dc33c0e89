"""Retries of calls while a server is unavailable."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from fndrec.serving.serving_error import ServingError

Result = TypeVar("Result")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


def call(
    attempt: Callable[[float], Result], timeout: float, retries: int
) -> Result:
    """Makes attempts until one succeeds or fails with another error.

    Only UNAVAILABLE leads to another attempt. The pauses double. Each is drawn
    from the upper half of its range, so that clients do not return all at once.

    Args:
        attempt: Function that makes the call within a number of seconds.
        timeout: Seconds for all attempts together.
        retries: Number of attempts after the first.

    Returns:
        The result of the attempt that succeeded.

    Raises:
        ServingError: The error of the last attempt.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_PAUSE
    for retries_left in range(retries, -1, -1):
        try:
            return attempt(max(deadline - time.monotonic(), 0.001))
        except ServingError as error:
            if error.code != "UNAVAILABLE" or not retries_left:
                raise
            wait = pause * random.uniform(0.5, 1)  # noqa: S311 # nosec B311
            if time.monotonic() + wait >= deadline:
                raise
        time.sleep(wait)
        pause = min(2 * pause, LONGEST_PAUSE)
    raise AssertionError  # the last attempt returns or raises
