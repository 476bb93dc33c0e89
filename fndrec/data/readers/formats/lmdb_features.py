"""Item features from an LMDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fndrec.data.photos.photo_files import LmdbFile
from fndrec.data.readers.checks.features import FloatArray
from fndrec.errors import DataError

# How a pickle of protocol 2 or later begins, and how any pickle ends.
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_STOP = b"."


def load_lmdb_features(
    folder: Path, names: Sequence[str], place: Callable[[int], str]
) -> FloatArray:
    """Reads the features of items by name.

    The layout is that of `TensorLMDBReader` in lzcn/torchutils, which
    LPAE-Net reads its ResNet-34 features with: under the name of the image
    the bare bytes of a vector of little-endian float32, all of one length. A
    pickled value is refused, not unpickled.

    Args:
        folder: The LMDB.
        names: The keys, of each item.
        place: What messages call an item, by its position.

    Returns:
        float32 array `(names, features)`.

    Raises:
        DataError: If there is no value under a name, or it is no such
            vector.
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
                    "were expected. Received: a pickle, which is not read, as "
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
