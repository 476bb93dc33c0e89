"""Converts arguments to arrays of the types that signatures take."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def strings(name: str, value: Any) -> np.ndarray:
    """Converts a list of ids or names.

    Args:
        name: Name of the argument, for errors.
        value: A list of strings.

    Returns:
        Object array `(batch,)` of strings.

    Raises:
        TypeError: If it is a single string.
        ValueError: If it is not a list of strings.
    """
    return _padded(name, value, 1, str, "strings")


def sets(name: str, value: Any, rank: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Converts nested lists of ids, padding the lists to one length.

    Args:
        name: Name of the argument, for errors.
        value: Lists of strings, nested `rank` deep.
        rank: Number of axes.

    Returns:
        Object array of strings, with at least one cell in each axis but the
        first, and the lengths of the innermost lists as int32.

    Raises:
        TypeError: If a list is a single string.
        ValueError: If it is not a nested list of strings.
    """
    ids = _padded(name, value, rank, str, "strings")
    places = np.arange(1, ids.shape[-1] + 1, dtype=np.int32)
    return ids, (places * (ids != "")).max(axis=-1)


def blobs(name: str, value: Any) -> np.ndarray:
    """Converts a list of byte strings, such as photos.

    Args:
        name: Name of the argument, for errors.
        value: A list of bytes.

    Returns:
        Object array `(batch,)` of bytes.

    Raises:
        TypeError: If it is a single byte string.
        ValueError: If it is not a list of bytes.
    """
    return _padded(name, value, 1, bytes, "bytes")


def _padded(
    name: str, value: Any, rank: int, kind: type, words: str
) -> np.ndarray:
    # TF Serving pads cells when it batches, and fails on empty axes.
    shape = [0] + [1] * (rank - 1)
    _measure(value, shape, 0, name, kind, words)
    array = np.full(shape, kind(), object)
    _fill(array, value)
    return array


def _measure(
    value: Any, shape: list[int], axis: int, name: str, kind: type, words: str
) -> None:
    """Enlarges `shape` to hold nested lists, or raises on wrong elements."""
    nested = axis < len(shape)
    fits = (
        isinstance(value, list | tuple) or np.ndim(value) > 0
        if nested
        else isinstance(value, kind)
    )
    if not fits:
        # A single id in place of a list is a slip of the caller's code.
        error = TypeError if isinstance(value, str | bytes) else ValueError
        raise error(
            f"`{name}` should be {'lists of ' * (len(shape) - 1)}a list of "
            f"{words}. Received: {value!r:.80}"
        )
    if nested:
        shape[axis] = max(shape[axis], len(value))
        for part in value:
            _measure(part, shape, axis + 1, name, kind, words)


def _fill(array: np.ndarray, value: Any) -> None:
    for i, part in enumerate(value):
        if array.ndim > 1:
            _fill(array[i], part)
        else:
            # TensorFlow does not accept NumPy's strings.
            array[i] = str(part) if isinstance(part, str) else part


def ints(
    name: str,
    value: int | Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    shape: tuple[int, ...],
) -> np.ndarray:
    """Converts counts.

    Args:
        name: Name of the argument, for errors.
        value: One integer for all, or one per element of the shape.
        shape: Shape of the result.

    Returns:
        Int32 counts of this shape.

    Raises:
        ValueError: If it is not an int32 counts of that shape, 0 or more.
    """
    counts = np.asarray(value)
    if counts.dtype.kind not in "iu" and counts.size:
        raise ValueError(
            f"`{name}` should be integers. Received: {value!r:.80}"
        )
    if counts.ndim and counts.shape != shape:
        raise ValueError(
            f"`{name}` should have the shape {shape}. Received: {counts.shape}"
        )
    limits = np.iinfo(np.int32)
    if counts.size and not (0 <= counts.min() <= counts.max() <= limits.max):
        raise ValueError(
            f"`{name}` should be from 0 to {limits.max}. "
            f"Received: {value!r:.80}"
        )
    return np.broadcast_to(counts, shape).astype(np.int32)


def array(name: str, value: Any, dtype: Any, rank: int) -> np.ndarray:
    """Converts an array of pixels, features or vectors.

    Args:
        name: Name of the argument, for errors.
        value: An array.
        dtype: `np.uint8`, which the array should have, or `np.float32`, to
            which numbers are converted.
        rank: Number of axes.

    Returns:
        The array.

    Raises:
        ValueError: If it has another type or rank.
    """
    converted = np.asarray(value)
    expected = np.dtype(dtype)
    numbers = expected.kind == "f" and converted.dtype.kind in "iuf"
    if not numbers and converted.dtype != expected:
        raise ValueError(
            f"`{name}` should be {expected.name}. Received: {converted.dtype}"
        )
    if converted.ndim != rank:
        raise ValueError(
            f"`{name}` should have {rank} axes. "
            f"Received: shape={converted.shape}"
        )
    return converted.astype(expected, copy=False)
