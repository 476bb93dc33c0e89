"""String ids and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fndrec import checks
from fndrec.errors import DataError


class Vocabulary:
    """Maps distinct string ids to rows and back.

    One Arrow array holds the ids. A vocabulary of a million ids takes
    megabytes, and searching it needs no Python loop.

    Args:
        ids: The distinct ids in row order: a sequence of strings, a NumPy
            array or an Arrow array.

    Raises:
        DataError: If an id is missing, occurs twice or is not a string.

    Example:

    ```python
    items = Vocabulary(["shirt", "skirt", "shoe"])
    items.rows(["shoe", "hat"])  # array([ 2, -1], dtype=int32)
    items.take([0, 2])  # ["shirt", "shoe"]
    ```
    """

    __slots__ = ("_ids",)

    def __init__(self, ids: Sequence[str] | npt.NDArray[Any] | pa.Array):
        array = _string_array(ids)
        if array.null_count:
            row = pc.index(pc.is_null(array), True).as_py()
            raise DataError(
                f"`ids` should hold no missing id. Received: ids[{row}]=None"
            )
        counts = pc.value_counts(array)
        row = pc.index(pc.greater(counts.field("counts"), 1), True).as_py()
        if row >= 0:
            name = counts.field("values")[row].as_py()
            raise DataError(
                f"`ids` should be distinct. Received: {name!r} more than once"
            )
        self._ids = array

    @property
    def ids(self) -> pa.StringArray:
        """The ids as an Arrow array, in row order."""
        return self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_list())

    def __getitem__(self, row: int) -> str:
        return self._ids[row].as_py()

    def __contains__(self, name: object) -> bool:
        # Scanning beats `rows`, which hashes the whole vocabulary first.
        return isinstance(name, str) and pc.index(self._ids, name).as_py() >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._ids.equals(other._ids)

    # Equal vocabularies would need equal hashes, a pass over all ids.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        first = ", ".join(repr(name) for name in self._ids[:3].to_pylist())
        more = ", ..." if len(self) > 3 else ""
        return f"Vocabulary([{first}{more}], size={len(self)})"

    def rows(
        self, ids: Sequence[str | None] | npt.NDArray[Any] | pa.Array
    ) -> npt.NDArray[np.int32]:
        """Returns the row of each id, -1 for unknown ids.

        Args:
            ids: Strings: a sequence, a NumPy array of any shape or an Arrow
                array.

        Returns:
            int32 array of the shape of `ids`.

        Raises:
            DataError: If the ids are not strings.
        """
        shape = ids.shape if isinstance(ids, np.ndarray) else (-1,)
        indices = pc.index_in(_string_array(ids), value_set=self._ids)
        # Copied, because arrays from Arrow are read-only.
        rows = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False)
        return np.array(rows, dtype=np.int32).reshape(shape)

    def take(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> list[str]:
        """Returns the ids at `rows`.

        Raises:
            IndexError: If a row is negative or too large.
        """
        return self._ids.take(pa.array(np.asarray(rows, np.int64))).to_pylist()

    def to_list(self) -> list[str]:
        """Returns all ids in row order."""
        return self._ids.to_pylist()


def _string_array(ids: Any) -> pa.StringArray:
    checks.ids("ids", ids)
    if isinstance(ids, np.ndarray):
        # Arrow accepts neither several axes nor NumPy's StringDType.
        ids = ids.ravel().astype(object)
    try:
        if not isinstance(ids, pa.Array | pa.ChunkedArray):
            ids = pa.array(ids)
        if isinstance(ids, pa.ChunkedArray):
            ids = ids.combine_chunks()
        if pa.types.is_dictionary(ids.type):
            ids = ids.dictionary_decode()
        kind = ids.type
        if (
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_string_view(kind)
            or pa.types.is_null(kind)
        ):
            return ids.cast(pa.string())
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"`ids` should be strings. Received: {error}") from None
    raise DataError(f"`ids` should be strings. Received: values of type {kind}")
