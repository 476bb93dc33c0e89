"""Several ranges of numbers in one array."""

import numpy as np


def ranges(starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns the numbers of several ranges, one range after the other.

    Args:
        starts: `(ranges,)` first number of each range.
        sizes: `(ranges,)` how many numbers each range has.

    Returns:
        Int array `(sizes.sum(),)`.

    Example:

    >>> ranges(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(sizes.sum())
