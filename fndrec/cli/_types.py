"""Argument types that check the range of a value."""

import argparse
from collections.abc import Callable
from typing import Any, TypeVar

from fndrec import checks

Number = TypeVar("Number", int, float)


def _type(
    cast: Callable[[str], Number],
    check: Callable[[str, Any], Number],
    expected: str,
) -> Callable[[str], Number]:
    def parse(text: str) -> Number:
        try:
            return check("value", cast(text))
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"expected {expected}, received {text!r}"
            ) from None

    return parse


def _below(limit: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if checks.non_negative_int(name, value) >= limit:
            raise ValueError
        return int(value)

    return check


positive_int = _type(int, checks.positive_int, "a positive integer")
non_negative_int = _type(int, checks.non_negative_int, "a non-negative integer")
positive_float = _type(float, checks.positive_float, "a positive number")
non_negative_float = _type(
    float, checks.non_negative_float, "a non-negative number"
)
fraction = _type(float, checks.fraction, "a number in [0, 1]")
rate = _type(float, checks.rate, "a number in [0, 1)")
port = _type(int, _below(2**16), "a port below 65536")
# Larger ones are refused by some generators.
seed = _type(int, _below(2**31), "a non-negative integer below 2^31")
