"""An array whose rows can be replaced and appended."""

import numpy as np
import numpy.typing as npt

# TensorFlow uses an array of this alignment without copying it.
ALIGNMENT = 64


class GrowingArray:
    """Rows in one array that grows by doubling.

    Args:
        array: The rows, copied on the first change: they may be the caller's,
            or a memory-mapped file.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._buffer = array
        self._is_own = False
        self._size = len(array)

    @property
    def array(self) -> np.ndarray:
        """All rows."""
        return self._buffer[: self._size]

    def put(self, rows: npt.NDArray[np.integer], values: object) -> None:
        """Replaces rows, and appends those past the end."""
        size = max(self._size, int(rows.max(initial=-1)) + 1)
        if size > len(self._buffer) or not self._is_own:
            capacity = len(self._buffer)
            if size > capacity:
                capacity = max(size, 2 * capacity)
            self._buffer = aligned_copy(self.array, capacity)
            self._is_own = True
        self._size = size
        self._buffer[rows] = values


def aligned_copy(array: np.ndarray, rows: int | None = None) -> np.ndarray:
    """Returns a copy that TensorFlow can use without copying it again.

    Args:
        array: The array.
        rows: Number of rows of the copy; as many as `array` by default.

    Returns:
        The copy; rows past those of `array` are 0.
    """
    shape = (len(array) if rows is None else rows, *array.shape[1:])
    size = int(np.prod(shape)) * array.itemsize
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    copy = raw[start : start + size].view(array.dtype).reshape(shape)
    copy[: len(array)] = array
    return copy
