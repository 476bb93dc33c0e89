"""Calls that are tried again while a server cannot be reached."""

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
    """Tries until there is an answer, or an error that is not UNAVAILABLE.

    The pauses double, each drawn from its upper half so that clients do not
    come back all at once.

    Args:
        attempt: A try; it is given the seconds that are left.
        timeout: Seconds for all tries together.
        retries: Tries after the first.

    Returns:
        The answer.

    Raises:
        ServingError: The error of the last try.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_PAUSE
    for tries_left in range(retries, -1, -1):
        try:
            return attempt(max(deadline - time.monotonic(), 0.001))
        except ServingError as error:
            if error.code != "UNAVAILABLE" or not tries_left:
                raise
            wait = pause * random.uniform(0.5, 1)  # noqa: S311 # nosec B311
            if time.monotonic() + wait >= deadline:
                raise
        time.sleep(wait)
        pause = min(2 * pause, LONGEST_PAUSE)
    raise AssertionError  # the last try returns or raises
