"""Checks of arguments, for every room.

A value of the wrong type is a `TypeError`, a value out of range a
`ValueError`. NumPy scalars are numbers; bools, NaN and infinity are not.
"""

import math
from collections.abc import Collection, Iterable, Sized
from numbers import Integral, Real
from typing import Any, TypeVar

Ids = TypeVar("Ids")


def integer(name: str, value: Any, least: int | None = None) -> int:
    """Returns `value` as an int.

    Args:
        name: Name of the argument, for errors.
        value: The value.
        least: Smallest value allowed; any by default.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is no integer of `least` or more.
    """
    words = {
        None: "an integer",
        0: "a non-negative integer",
        1: "a positive integer",
    }
    expected = words.get(least, f"an integer of at least {least}")
    _check_number(name, value, expected)
    if not isinstance(value, Integral) or (least is not None and value < least):
        raise _value_error(name, value, expected)
    return int(value)


def positive_int(name: str, value: Any) -> int:
    """Returns `value` as an int if it is 1 or more."""
    return integer(name, value, 1)


def non_negative_int(name: str, value: Any) -> int:
    """Returns `value` as an int if it is 0 or more."""
    return integer(name, value, 0)


def positive_float(name: str, value: Any) -> float:
    """Returns `value` as a float if it is finite and above 0."""
    number = _finite(name, value, "a positive float")
    if number <= 0:
        raise _value_error(name, value, "a positive float")
    return number


def non_negative_float(name: str, value: Any) -> float:
    """Returns `value` as a float if it is finite and not negative."""
    number = _finite(name, value, "a non-negative float")
    if number < 0:
        raise _value_error(name, value, "a non-negative float")
    return number


def fraction(
    name: str, value: Any, *, zero: bool = True, one: bool = True
) -> float:
    """Returns `value` as a float if it lies between 0 and 1.

    Args:
        name: Name of the argument, for errors.
        value: The value.
        zero: Whether 0 is allowed.
        one: Whether 1 is allowed.
    """
    expected = f"a float in {'[' if zero else '('}0, 1{']' if one else ')'}"
    number = _finite(name, value, expected)
    if (
        not 0 <= number <= 1
        or (number == 0 and not zero)
        or (number == 1 and not one)
    ):
        raise _value_error(name, value, expected)
    return number


def rate(name: str, value: Any) -> float:
    """Returns `value` as a float if it lies in [0, 1)."""
    return fraction(name, value, one=False)


def optional_seed(value: int | None) -> int | None:
    """Returns a seed as an int if it is 0 or more; `None` is allowed."""
    return None if value is None else non_negative_int("seed", value)


def one_of(name: str, value: Any, choices: Collection[Any]) -> Any:
    """Returns `value` if it is one of the choices."""
    # An array compares element by element, so types are compared first.
    if not any(
        isinstance(value, type(choice)) and value == choice
        for choice in choices
    ):
        raise _value_error(name, value, f"one of {tuple(choices)}")
    return value


def ids(name: str, value: Ids) -> Ids:
    """Returns `value` if it is a collection of ids, not a single one.

    A string is a sequence too: of its letters, which nobody means.

    Args:
        name: Name of the argument, for errors.
        value: A list, an array or another collection of strings.

    Raises:
        TypeError: If it is a string or bytes, or no collection.
    """
    if (
        isinstance(value, str | bytes)
        or not isinstance(value, Iterable)
        or not isinstance(value, Sized)
    ):
        raise TypeError(
            f"`{name}` should be a list of ids. Received: "
            f"{name}={_shown(value)}"
        )
    return value


def _check_number(name: str, value: Any, expected: str) -> None:
    # NumPy's own bool is no `Real`.
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(_message(name, value, expected))


def _finite(name: str, value: Any, expected: str) -> float:
    _check_number(name, value, expected)
    if not math.isfinite(value):
        raise _value_error(name, value, expected)
    return float(value)


def _value_error(name: str, value: Any, expected: str) -> ValueError:
    return ValueError(_message(name, value, expected))


def _message(name: str, value: Any, expected: str) -> str:
    return f"`{name}` should be {expected}. Received: {name}={_shown(value)}"


def _shown(value: Any) -> str:
    # NumPy's scalars read `np.float32(0.1)` by `repr`.
    if isinstance(value, Real):
        return str(value)
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
