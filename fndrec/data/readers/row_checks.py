"""Rows that cannot be used: raise at the first, or drop and log."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data.tables import OnError
from fndrec.errors import DataError

logger = logging.getLogger("fndrec.data")

MAX_ID = 1000
"""Characters of an id: longer ones are a sign of a broken file."""

BoolArray = npt.NDArray[np.bool_]


class RowChecks:
    """Which rows of one table can be used.

    Args:
        source: What messages call the table.
        num_rows: Number of its rows.
        on_error: "raise" raises at the first bad row, "drop" takes bad rows
            out of `keep` and logs them.
    """

    def __init__(self, source: str, num_rows: int, on_error: OnError):
        self.source = source
        self.keep: BoolArray = np.ones(num_rows, np.bool_)
        self._on_error = on_error

    def kept(self, values: pa.Array) -> pa.Array:
        """Returns the values of the rows that were not rejected."""
        return values.filter(pa.array(self.keep))

    def reject(
        self,
        bad: BoolArray,
        column: str,
        expected: str,
        value: Callable[[int], object],
        source: str | None = None,
    ) -> None:
        """Rejects rows, except those that have been rejected before.

        Args:
            bad: bool array `(rows,)`.
            column: Column at fault.
            expected: What was expected of it: "should ...".
            value: From a row to the value received.
            source: File at fault if it is not the table itself.

        Raises:
            DataError: If there are such rows and `on_error` is "raise".
        """
        rows = np.flatnonzero(bad & self.keep)
        if not rows.size:
            return
        source = source or self.source
        if self._on_error == "raise":
            row = int(rows[0])
            more = f" (the first of {rows.size} such rows)"
            raise DataError(
                f"{source}, row {row + 1}: `{column}` {expected}. "
                f"Received: {column}={_shown(value(row))}"
                f"{more if rows.size > 1 else ''}. "
                'on_error="drop" (--on-error drop) drops such rows.'
            )
        first = [f"{row + 1} ({_shown(value(int(row)))})" for row in rows[:10]]
        logger.warning(
            "%s: dropped %d of %d rows, as `%s` %s. Rows: %s%s",
            source,
            rows.size,
            self.keep.size,
            column,
            expected,
            ", ".join(first),
            ", ..." if rows.size > 10 else "",
        )
        self.keep[rows] = False

    def reject_empty(self, column: str, values: pa.StringArray) -> None:
        """Rejects rows without a value in `column`."""
        empty = to_bools(pc.equal(values, ""), null=True)
        self.reject(empty, column, "should not be empty", cell(values))

    def reject_bad_ids(self, column: str, values: pa.StringArray) -> None:
        """Rejects rows whose id is empty or cannot be a line of text."""
        self.reject_empty(column, values)
        self.reject(
            # Vocabularies are stored as one id a line.
            to_bools(pc.match_substring_regex(values, "[\r\n]")),
            column,
            "should not contain a line break",
            cell(values),
        )
        self.reject(
            # Where text of C is read, an id would end there.
            to_bools(pc.match_substring(values, "\0")),
            column,
            "should not contain a null character",
            cell(values),
        )
        self.reject(
            to_bools(pc.greater(pc.utf8_length(values), MAX_ID)),
            column,
            f"should have at most {MAX_ID:,} characters",
            cell(values),
        )

    def drop_copies(self, *columns: pa.StringArray) -> None:
        """Drops rows that say again, word for word, what a row before said.

        They do no harm, and published sets have them: they are logged, and
        no error even with `on_error="raise"`.
        """
        rows = np.flatnonzero(self.keep)
        keys = np.stack([_codes(values)[rows] for values in columns], axis=1)
        first = np.unique(keys, axis=0, return_index=True)[1]
        copies = np.delete(rows, first)
        if copies.size:
            self.keep[copies] = False
            logger.info(
                "%s: left out %d rows that repeat a row before them word for "
                "word. The first: row %d",
                self.source,
                copies.size,
                copies[0] + 1,
            )

    def reject_repeated(self, column: str, values: pa.StringArray) -> None:
        """Rejects rows with the id of a row before them.

        A row that has been rejected does not count as one before.
        """
        rows = np.flatnonzero(self.keep)
        repeated = self.keep.copy()
        first = np.unique(_codes(values)[rows], return_index=True)[1]
        repeated[rows[first]] = False
        self.reject(repeated, column, "should not be repeated", cell(values))


def cell(values: pa.Array) -> Callable[[int], object]:
    """Returns the function from a row to its value."""

    def value(row: int) -> object:
        return values[row].as_py()

    return value


def to_bools(values: pa.Array, null: bool = False) -> BoolArray:
    """Returns an Arrow array of bools as a NumPy array.

    Args:
        values: The bools.
        null: What a missing value stands for.
    """
    return pc.fill_null(values, null).to_numpy(zero_copy_only=False)


def _codes(values: pa.StringArray) -> npt.NDArray[np.int64]:
    codes = values.dictionary_encode(null_encoding="encode").indices
    return codes.to_numpy().astype(np.int64)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
