"""Times of several ways of doing one thing, side by side in one run."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

CLEAR_PEAK = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Case:
    """One way of doing it.

    Attributes:
        name: Its name.
        run: Does it once. What it returns is waited for: tensors are read.
        every: Done only in each such round, if it takes very long.
    """

    name: str
    run: Callable[[], Any]
    every: int = 1


@dataclass(frozen=True)
class Timing:
    """What was measured of a case.

    Attributes:
        name: Its name.
        seconds: Its time in each round, NaN where it was left out.
        peak_mib: The most memory the process held while it ran, in MiB; NaN
            where the system does not tell.
    """

    name: str
    seconds: tuple[float, ...]
    peak_mib: float

    @property
    def median(self) -> float:
        """Median seconds."""
        return float(np.nanmedian(self.seconds))

    def quartiles(self) -> tuple[float, float]:
        """First and third quartile of the seconds."""
        low, high = np.nanpercentile(self.seconds, (25, 75))
        return float(low), float(high)

    def over(self, other: "Timing") -> float:
        """Median of this case's time over the other's, round by round.

        Where no round has both, the ratio of the medians.
        """
        ratios = np.array(self.seconds) / np.array(other.seconds)
        if np.isnan(ratios).all():
            return self.median / other.median
        return float(np.nanmedian(ratios))


def measure(
    cases: Sequence[Case], rounds: int, warm_up: int = 2
) -> list[Timing]:
    """Times each case in each round, so that all meet the same noise.

    Args:
        cases: The cases. The order is turned round by round, so that none is
            always the one after the largest.
        rounds: How many rounds are measured.
        warm_up: How often each case is done before.

    Returns:
        A timing a case, in their order.
    """
    for case in cases:
        for _ in range(warm_up if case.every == 1 else 1):
            wait(case.run())
    seconds = np.full((len(cases), rounds), np.nan)
    peaks = np.zeros(len(cases))
    gc.collect()
    gc.disable()
    try:
        for step in range(rounds):
            for place in range(len(cases)):
                i = (place + step) % len(cases)
                if step % cases[i].every:
                    continue
                forget_peak()
                started = time.perf_counter()
                wait(cases[i].run())
                seconds[i, step] = time.perf_counter() - started
                peaks[i] = max(peaks[i], peak_mib())
    finally:
        gc.enable()
    return [
        Timing(case.name, tuple(row.tolist()), float(peak))
        for case, row, peak in zip(cases, seconds, peaks, strict=True)
    ]


def wait(values: Any) -> None:
    """Reads tensors, so that they have been computed."""
    for value in tf.nest.flatten(values, expand_composites=True):
        if tf.is_tensor(value):
            value.numpy()


def forget_peak() -> None:
    """Lets the system count the peak of memory anew, if it can."""
    if CLEAR_PEAK.exists():
        CLEAR_PEAK.write_text("5", encoding="ascii")


def peak_mib() -> float:
    """Most memory held since `forget_peak`, mapped files included.

    In MiB; NaN if not known.
    """
    return _status("VmHWM")


def resident_mib() -> float:
    """Memory held now that is not a file's, in MiB; NaN if not known.

    Pages of a memory-mapped file that are in memory can be given up at any
    time, so they are not counted.
    """
    return _status("RssAnon")


def _status(key: str) -> float:
    if not STATUS.exists():
        return float("nan")
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024 / MEBIBYTE
    return float("nan")
