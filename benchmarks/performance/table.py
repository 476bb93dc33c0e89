"""Timings as tables."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from benchmarks.common.report import Section
from benchmarks.performance.harness import Timing

HEADER = ("", "median", "quartiles", "peak memory", "times the first")


def section(
    title: str, text: str, timings: Sequence[Timing], group: int = 0
) -> Section:
    """A table of timings, each as a multiple of the first.

    Args:
        title: Its title.
        text: What is compared.
        timings: The timings; the first is what the others are held against.
        group: Above 0, so many stand together: the first of each such group
            is what the others of it are held against.

    Returns:
        The table.
    """
    return Section(
        title,
        text,
        HEADER,
        [
            (
                one.name,
                seconds(one.median),
                " to ".join(seconds(value) for value in one.quartiles()),
                f"{one.peak_mib:,.0f} MiB",
                ratio(one.over(first)),
            )
            for one, first in _with_first(timings, group)
        ],
    )


def seconds(value: float) -> str:
    """Seconds or milliseconds with three digits or so."""
    if value >= 10:
        return f"{value:.0f} s"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{1000 * value:.{0 if value >= 0.1 else 1}f} ms"


def ratio(value: float) -> str:
    """A ratio with three digits or so."""
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def _with_first(
    timings: Sequence[Timing], group: int
) -> list[tuple[Timing, Timing]]:
    size = group or len(timings)
    return [(one, timings[i - i % size]) for i, one in enumerate(timings)]


def record(
    part: str, timings: Sequence[Timing], group: int = 0, **more: Any
) -> dict[str, Any]:
    """Timings as JSON, with each ratio to the first, see `section`."""
    return {
        "part": part,
        **more,
        "timings": [
            {
                **dataclasses.asdict(one),
                "median": one.median,
                "over_first": one.over(first),
            }
            for one, first in _with_first(timings, group)
        ],
    }
