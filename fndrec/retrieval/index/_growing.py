"""An array whose rows may be replaced and added to."""

import numpy as np
import numpy.typing as npt

# What TensorFlow needs to use an array without copying it.
ALIGNMENT = 64


class GrowingArray:
    """Rows in one array that grows by doubling.

    Args:
        array: The rows. One that may not be written, such as a file opened
            for reading, is copied at the first change.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._room = array
        self._size = len(array)

    @property
    def array(self) -> np.ndarray:
        """All rows."""
        return self._room[: self._size]

    def put(self, rows: npt.NDArray[np.integer], values: object) -> None:
        """Replaces rows; rows past the end are new."""
        size = max(self._size, int(rows.max(initial=-1)) + 1)
        if size > len(self._room) or not self._room.flags.writeable:
            grown = len(self._room)
            if size > grown:
                grown = max(size, 2 * grown)
            self._room = aligned_copy(self.array, grown)
        self._size = size
        self._room[rows] = values


def aligned_copy(array: np.ndarray, rows: int | None = None) -> np.ndarray:
    """A copy that TensorFlow can use as it is.

    Args:
        array: The array.
        rows: How many rows the copy shall have room for; as many as `array`
            by default.

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
