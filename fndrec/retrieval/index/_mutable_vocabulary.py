"""String ids by row that can be added and replaced."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pyarrow as pa

from fndrec import checks
from fndrec.data import Vocabulary
from fndrec.errors import DataError


class MutableVocabulary:
    """String ids and their rows.

    Unlike a `Vocabulary`, it can change. Until the first change the ids stay in
    one Arrow array, which may be backed by a file.

    Args:
        ids: The ids by row.
        present: Bool array `(rows,)`, true where a row's id is in use; all by
            default.

    Raises:
        DataError: If `present` is None and the ids are not distinct strings.
    """

    def __init__(
        self,
        ids: Sequence[str] | pa.StringArray,
        present: np.ndarray | None = None,
    ) -> None:
        if present is None:
            self._ids: pa.StringArray | list[str] = Vocabulary(ids).ids
        else:
            self._ids = ids
        self._present = present
        self._row_of: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, row: int) -> str:
        name = self._ids[row]
        return name if isinstance(name, str) else name.as_py()

    def take(self, rows: Iterable[int]) -> list[str]:
        """Returns the ids of rows."""
        return [self[int(row)] for row in rows]

    def rows(self, ids: Iterable[str]) -> np.ndarray:
        """Returns the rows `(ids,)` of ids, -1 for an unknown id."""
        row_of = self._lookup()
        return np.array([row_of.get(name, -1) for name in ids], np.int64)

    def require_rows(
        self, argument: str, ids: Collection[str], kind: str
    ) -> np.ndarray:
        """Returns the rows `(ids,)` of ids that must be known.

        Args:
            argument: Name of the argument, for errors.
            ids: The ids.
            kind: What they should name, for errors.

        Raises:
            DataError: If an id is unknown.
        """
        ids = list(checks.ids(argument, ids))
        rows = self.rows(ids)
        if (rows < 0).any():
            raise DataError(
                f"`{argument}` should name {kind}. Received: "
                f"{ids[int(np.argmax(rows < 0))]!r}, which is none of them"
            )
        return rows

    def append_new(self, ids: Iterable[str]) -> np.ndarray:
        """Appends the unknown ones of distinct ids, and returns their rows."""
        row_of = self._lookup()
        new = [name for name in ids if name not in row_of]
        start = len(self)
        self.put(range(start, start + len(new)), new)
        return np.arange(start, len(self))

    def put(self, rows: Iterable[int], ids: Iterable[str]) -> None:
        """Sets the ids of rows; rows past the end are appended in order."""
        row_of = self._lookup()
        if not isinstance(self._ids, list):
            self._ids = self._ids.to_pylist()
        for row, name in zip(rows, ids, strict=True):
            if row == len(self._ids):
                self._ids.append(name)
            else:
                self._ids[row] = name
            row_of[name] = int(row)

    def remove(self, ids: Iterable[str]) -> None:
        """Removes ids; their rows remain until `put` reuses them."""
        row_of = self._lookup()
        for name in ids:
            del row_of[name]

    def array(self) -> pa.StringArray:
        """Returns the ids of all rows."""
        if isinstance(self._ids, list):
            return pa.array(self._ids, pa.string())
        return self._ids

    def _lookup(self) -> dict[str, int]:
        if self._row_of is None:
            ids = self.array().to_pylist()
            rows = list(range(len(ids)))
            if self._present is not None:
                rows = np.flatnonzero(self._present).tolist()
            self._row_of = {ids[row]: row for row in rows}
        return self._row_of
