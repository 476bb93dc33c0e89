"""Argument checks shared by the layers."""

from typing import Any


def positive_int(name: str, value: Any) -> int:
    """Returns `value` if it is a positive integer, else raises."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(
            f"`{name}` should be a positive integer. Received: {name}={value}"
        )
    return value


def positive_float(name: str, value: Any) -> float:
    """Returns `value` as a float if it is positive, else raises."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        value_ok = False
    else:
        value_ok = value > 0
    if not value_ok:
        raise ValueError(
            f"`{name}` should be a positive float. Received: {name}={value}"
        )
    return float(value)


def non_negative_float(name: str, value: Any) -> float:
    """Returns `value` as a float if it is not negative, else raises."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not value >= 0
    ):
        raise ValueError(
            f"`{name}` should be a non-negative float. Received: {name}={value}"
        )
    return float(value)


def rate(name: str, value: Any) -> float:
    """Returns `value` as a float if it lies in [0, 1), else raises."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value < 1
    ):
        raise ValueError(
            f"`{name}` should be a float in [0, 1). Received: {name}={value}"
        )
    return float(value)
