"""Item features from an LMDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fndrec.data.photos.photo_files import LmdbFile
from fndrec.data.readers.checks.features import FloatArray
from fndrec.errors import DataError

# First bytes of pickles of protocol 2 or later, and last byte of any pickle.
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_STOP = b"."


def load_lmdb_features(
    folder: Path, names: Sequence[str], place: Callable[[int], str]
) -> FloatArray:
    """Reads the features of items by name.

    The layout is that of `TensorLMDBReader` in lzcn/torchutils, with which
    LPAE-Net reads its ResNet-34 features. The key is the name of the image.
    The value holds the bytes of a vector of little-endian float32 numbers;
    all vectors have the same length. Pickled values are refused.

    Args:
        folder: The LMDB.
        names: The key of each item.
        place: Returns how messages name an item.

    Returns:
        float32 array `(names, features)`.

    Raises:
        DataError: If a name has no value, or its value is not such a vector.
    """
    matrix: FloatArray | None = None
    with LmdbFile(folder) as file:
        for row, name in enumerate(names):
            value = file.get(name)
            if value is None:
                raise DataError(
                    f"{folder}: a feature of {name!r} ({place(row)}) was "
                    "expected. Received: no such key"
                )
            if value.startswith(_PICKLE) and value.endswith(_STOP):
                raise DataError(
                    f"{folder}, key {name!r}: the bytes of a float32 vector "
                    "were expected. Received: a pickle, which is refused, as "
                    "unpickling can run any code"
                )
            width = 0 if matrix is None else matrix.shape[1]
            if not value or len(value) % 4 or 0 < 4 * width != len(value):
                raise DataError(
                    f"{folder}, key {name!r}: the bytes of a vector of "
                    f"{width or 'some'} float32 numbers were expected. "
                    f"Received: {len(value)} bytes"
                )
            if matrix is None:
                matrix = np.empty((len(names), len(value) // 4), np.float32)
            matrix[row] = np.frombuffer(value, "<f4")
    if matrix is None:
        raise DataError(f"{folder}: names of items were expected")
    return matrix
