"""Item features from a file or a column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data.readers.checks.row_checks import RowChecks, cell
from fndrec.data.readers.checks.source import list_lengths
from fndrec.errors import DataError

FloatArray = npt.NDArray[np.float32]


def load_features(path: Path, num_items: int | None = None) -> npt.NDArray[Any]:
    """Reads an array file of floats `(items, features)`.

    Args:
        path: The file.
        num_items: Expected number of rows; None for any.

    Raises:
        DataError: If the file does not hold such an array.
    """
    try:
        features = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path}: a NumPy array file was expected. Received: {error}"
        ) from None
    if (
        not isinstance(features, np.ndarray)
        or not np.issubdtype(features.dtype, np.floating)
        or features.ndim != 2
        or features.shape[0] != (num_items or features.shape[0])
        or not features.shape[1]
    ):
        received = (
            f"{features.dtype} array of shape {features.shape}"
            if isinstance(features, np.ndarray)
            else type(features).__name__
        )
        rows = f" ({num_items} rows)" if num_items else ""
        raise DataError(
            f"{path}: an array of floats with one row per item{rows} was "
            f"expected. Received: {received}"
        )
    return features


def feature_matrix(column: pa.Array, checks: RowChecks) -> FloatArray:
    """Returns the column `feature`, lists of numbers, as a matrix.

    Raises:
        DataError: If the column does not hold lists of numbers, or their
            lengths differ (with `on_error="raise"`).
    """
    if pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.list_(column.type.value_type))
    values = getattr(column.type, "value_type", pa.null())
    if not (pa.types.is_floating(values) or pa.types.is_integer(values)):
        raise DataError(
            f"{checks.source}: `feature` should hold lists of numbers. "
            f"Received: {column.type}"
        )
    lengths = list_lengths(column)
    filled = lengths[checks.keep & (lengths > 0)]
    width = int(filled[0]) if filled.size else 1
    complete = lengths == width
    checks.reject(
        ~complete,
        "feature",
        f"should hold {width} numbers, as the first row does",
        cell(column),
    )
    flat = pc.list_flatten(column).to_numpy(zero_copy_only=False)
    matrix = np.full((len(column), width), np.nan, np.float32)
    matrix[complete] = _float32(flat[np.repeat(complete, lengths)]).reshape(
        -1, width
    )
    return matrix


def finite_features(
    features: npt.NDArray[Any], checks: RowChecks, source: str | None
) -> FloatArray:
    """Returns the features as float32, and rejects rows that are not finite.

    Args:
        features: Array `(items, features)`.
        checks: Checks of the items table.
        source: The file of the features, if not the items table.

    Raises:
        DataError: If a row holds a NaN or an infinity (with
            `on_error="raise"`).
    """
    matrix = _float32(features)

    def value(row: int) -> object:
        return float(features[row][~np.isfinite(matrix[row])][0])

    checks.reject(
        np.any(~np.isfinite(matrix), axis=1),
        "feature",
        "should hold finite float32 numbers",
        value,
        source,
    )
    return matrix


def _float32(values: npt.NDArray[Any]) -> FloatArray:
    # Numbers too large become infinite, and their rows are rejected.
    with np.errstate(over="ignore"):
        return values.astype(np.float32, copy=False)
