"""What callers give, as arrays of the types that signatures take."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def strings(name: str, value: Any) -> np.ndarray:
    """Ids or names.

    Args:
        name: Name of the argument.
        value: A list of strings.

    Returns:
        Strings of dtype object.

    Raises:
        ValueError: If it is not that.
    """
    return _filled(name, value, 1, str, "strings")


def sets(name: str, value: Any, rank: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Ids in lists, which are filled up to one length.

    Args:
        name: Name of the argument.
        value: Lists of strings, as deep as `rank`.
        rank: Number of axes.

    Returns:
        Strings of dtype object, with one cell at the least in each axis but
        the first, and the lengths of the sets as int32.

    Raises:
        ValueError: If it is not that.
    """
    found = _filled(name, value, rank, str, "strings")
    places = np.arange(1, found.shape[-1] + 1, dtype=np.int32)
    return found, (places * (found != "")).max(axis=-1)


def blobs(name: str, value: Any) -> np.ndarray:
    """Bytes, such as of photos.

    Args:
        name: Name of the argument.
        value: A list of bytes.

    Returns:
        Bytes of dtype object.

    Raises:
        ValueError: If it is not that.
    """
    return _filled(name, value, 1, bytes, "bytes")


def _filled(
    name: str, value: Any, rank: int, kind: type, words: str
) -> np.ndarray:
    # TF Serving fills up what has one cell, and fails with none.
    sides = [0] + [1] * (rank - 1)
    _measure(value, sides, 0, name, kind, words)
    found = np.full(sides, kind(), object)
    _fill(found, value)
    return found


def _measure(
    value: Any, sides: list[int], axis: int, name: str, kind: type, words: str
) -> None:
    inside = axis < len(sides)
    fits = (
        isinstance(value, list | tuple) or np.ndim(value) > 0
        if inside
        else isinstance(value, kind)
    )
    if not fits:
        # A single id in place of a list is a slip of the caller's code.
        error = TypeError if isinstance(value, str | bytes) else ValueError
        raise error(
            f"`{name}` should be {'lists of ' * (len(sides) - 1)}a list of "
            f"{words}. Received: {value!r:.80}"
        )
    if inside:
        sides[axis] = max(sides[axis], len(value))
        for part in value:
            _measure(part, sides, axis + 1, name, kind, words)


def _fill(found: np.ndarray, value: Any) -> None:
    for i, part in enumerate(value):
        if found.ndim > 1:
            _fill(found[i], part)
        else:
            # Strings of numpy are no strings to TensorFlow.
            found[i] = str(part) if isinstance(part, str) else part


def ints(
    name: str,
    value: int | Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    shape: tuple[int, ...],
) -> np.ndarray:
    """Counts.

    Args:
        name: Name of the argument.
        value: An integer for all, or one for each.
        shape: Expected shape.

    Returns:
        int32 of this shape.

    Raises:
        ValueError: If it is not that.
    """
    found = np.asarray(value)
    if found.dtype.kind not in "iu" and found.size:
        raise ValueError(
            f"`{name}` should be integers. Received: {value!r:.80}"
        )
    if found.ndim and found.shape != shape:
        raise ValueError(
            f"`{name}` should have the shape {shape}. Received: {found.shape}"
        )
    limits = np.iinfo(np.int32)
    if found.size and not (0 <= found.min() <= found.max() <= limits.max):
        raise ValueError(
            f"`{name}` should be from 0 to {limits.max}. "
            f"Received: {value!r:.80}"
        )
    return np.broadcast_to(found, shape).astype(np.int32)


def array(name: str, value: Any, dtype: Any, rank: int) -> np.ndarray:
    """Pixels, features or vectors.

    Args:
        name: Name of the argument.
        value: An array.
        dtype: `np.uint8`, which they should be, or `np.float32`, which
            they become.
        rank: Number of axes.

    Returns:
        The array.

    Raises:
        ValueError: If it is not that.
    """
    found = np.asarray(value)
    expected = np.dtype(dtype)
    numbers = expected.kind == "f" and found.dtype.kind in "iuf"
    if not numbers and found.dtype != expected:
        raise ValueError(
            f"`{name}` should be {expected.name}. Received: {found.dtype}"
        )
    if found.ndim != rank:
        raise ValueError(
            f"`{name}` should have {rank} axes. Received: shape={found.shape}"
        )
    return found.astype(expected, copy=False)
