"""String ids by row, which may be added to and replaced."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from fndrec.data import Vocabulary


class MutableVocabulary:
    """String ids and the rows they stand for.

    A `Vocabulary` that may change. The ids stay in one Arrow array, which may
    lie in a file, until the first change.

    Args:
        ids: The ids by row.
        present: bool `(rows,)`: rows whose id counts; all by default.

    Raises:
        DataError: If ids are no strings, or one that counts occurs twice.
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
        """The ids of rows."""
        return [self[int(row)] for row in rows]

    def rows(self, ids: Iterable[str]) -> np.ndarray:
        """Rows `(ids,)` of ids, -1 where an id is not known."""
        row_of = self._lookup()
        return np.array([row_of.get(name, -1) for name in ids], np.int64)

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Those of the ids that are not known."""
        row_of = self._lookup()
        return [name for name in ids if name not in row_of]

    def append(self, ids: Sequence[str]) -> np.ndarray:
        """Adds ids that are not known, and returns their rows."""
        start = len(self)
        self.put(range(start, start + len(ids)), ids)
        return np.arange(start, len(self))

    def put(self, rows: Iterable[int], ids: Iterable[str]) -> None:
        """Gives rows, the last ones of which may be new, other ids."""
        row_of = self._lookup()
        if not isinstance(self._ids, list):
            self._ids = self._ids.to_pylist()
        for row, name in zip(rows, ids, strict=True):
            if row == len(self._ids):
                self._ids.append(name)
            self._ids[row] = name
            row_of[name] = int(row)

    def forget(self, ids: Iterable[str]) -> None:
        """Makes ids unknown; their rows stay until they get others."""
        row_of = self._lookup()
        for name in ids:
            del row_of[name]

    def array(self) -> pa.StringArray:
        """The ids of all rows."""
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
