"""Types of arguments: out of range is an error before any work."""

import argparse
import math
from collections.abc import Callable


def _number(
    text: str, cast: Callable[[str], float], low: float, what: str
) -> float:
    try:
        value = cast(text)
    except ValueError:
        value = float("nan")
    if not low <= value < math.inf:
        raise argparse.ArgumentTypeError(f"expected {what}, received {text!r}")
    return value


def positive_int(text: str) -> int:
    """An integer of 1 or more."""
    return int(_number(text, int, 1, "a positive integer"))


def non_negative_int(text: str) -> int:
    """An integer of 0 or more."""
    return int(_number(text, int, 0, "a non-negative integer"))


def port(text: str) -> int:
    """A port; 0 for one that is free."""
    value = non_negative_int(text)
    if value >= 2**16:
        raise argparse.ArgumentTypeError(
            f"expected a port below 65536, received {text!r}"
        )
    return value


def positive_float(text: str) -> float:
    """A number above 0."""
    return _number(text, float, 1e-12, "a positive number")


def non_negative_float(text: str) -> float:
    """A number of 0 or more."""
    return _number(text, float, 0.0, "a non-negative number")


def seed(text: str) -> int:
    """An integer that every generator takes."""
    value = non_negative_int(text)
    if value >= 2**31:
        raise argparse.ArgumentTypeError(
            f"expected an integer below 2^31, received {text!r}"
        )
    return value


def fraction(text: str) -> float:
    """A number in [0, 1]."""
    value = _number(text, float, 0.0, "a number in [0, 1]")
    if value > 1:
        raise argparse.ArgumentTypeError(
            f"expected a number in [0, 1], received {text!r}"
        )
    return value


def rate(text: str) -> float:
    """A number in [0, 1)."""
    value = _number(text, float, 0.0, "a number in [0, 1)")
    if value >= 1:
        raise argparse.ArgumentTypeError(
            f"expected a number in [0, 1), received {text!r}"
        )
    return value
