"""Checks of rows: bad rows raise an error, or are dropped and logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data.outfit_data import OnError
from fndrec.data.readers.checks.encoded_text import EncodedText
from fndrec.errors import DataError

logger = logging.getLogger("fndrec.data")

MAX_ID = 1000
"""Most characters of an id. Longer ids suggest a broken file."""

BoolArray = npt.NDArray[np.bool_]
Text: TypeAlias = pa.StringArray | EncodedText


class RowChecks:
    """Checks the rows of a table.

    Args:
        source: The table, as messages name it.
        num_rows: Number of rows of the table.
        on_error: "raise" raises at the first bad row, "drop" removes bad rows
            from `keep` and logs them.
        place: Returns how messages name a row; by default
            "{source}, row {number}".

    Attributes:
        keep: bool array `(rows,)`, true for rows that have passed so far.
    """

    def __init__(
        self,
        source: str,
        num_rows: int,
        on_error: OnError,
        place: Callable[[int], str] | None = None,
    ):
        self.source = source
        self._place = place
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
        """Rejects rows that have not been rejected before.

        Args:
            bad: bool array `(rows,)`, true for rows to reject.
            column: Column at fault.
            expected: The expectation, such as "should not be empty".
            value: Returns the value received in a row.
            source: File at fault, if not the table itself.

        Raises:
            DataError: If there are such rows and `on_error` is "raise".
        """
        rows = np.flatnonzero(bad & self.keep)
        if not rows.size:
            return
        place = self._place if source is None else None
        source = source or self.source
        if self._on_error == "raise":
            row = int(rows[0])
            where = place(row) if place else f"{source}, row {row + 1}"
            more = f" (the first of {rows.size} such rows)"
            raise DataError(
                f"{where}: `{column}` {expected}. "
                f"Received: {column}={_shown(value(row))}"
                f"{more if rows.size > 1 else ''}. "
                'on_error="drop" (--on-error drop) drops such rows.'
            )
        first = [
            f"{place(row) if place else row + 1} ({_shown(value(row))})"
            for row in rows[:10].tolist()
        ]
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

    def reject_empty(self, column: str, values: Text) -> None:
        """Rejects rows without a value in `column`."""
        empty = _mask(values, lambda text: pc.equal(text, ""), null=True)
        self.reject(empty, column, "should not be empty", cell(values))

    def reject_bad_ids(self, column: str, values: Text) -> None:
        """Rejects rows whose id is empty, too long or no line of text."""
        self.reject_empty(column, values)
        tests: list[tuple[str, Callable[[pa.StringArray], pa.Array]]] = [
            # Vocabularies are stored with one id per line.
            (
                "should not contain a line break",
                lambda text: pc.match_substring_regex(text, "[\r\n]"),
            ),
            # C code would read an id only up to there.
            (
                "should not contain a null character",
                lambda text: pc.match_substring(text, "\0"),
            ),
            (
                f"should have at most {MAX_ID:,} characters",
                lambda text: pc.greater(pc.utf8_length(text), MAX_ID),
            ),
        ]
        for expected, test in tests:
            bad = _mask(values, test, null=False)
            self.reject(bad, column, expected, cell(values))

    def drop_copies(self, *columns: Text) -> None:
        """Drops exact copies of earlier rows.

        Copies are harmless and occur in published data sets. They are logged,
        and are no error even with `on_error="raise"`.
        """
        rows = np.flatnonzero(self.keep)
        keys = np.zeros(rows.size, np.int64)
        for values in columns:
            # With one number per row, millions of rows sort in a second.
            codes = _codes(values)[rows]
            keys = keys * (codes.max(initial=0) + 1) + codes
            keys = np.unique(keys, return_inverse=True)[1].reshape(-1)
        first = np.unique(keys, return_index=True)[1]
        copies = np.delete(rows, first)
        if copies.size:
            self.keep[copies] = False
            first_copy = int(copies[0])
            logger.info(
                "%s: left out %d rows that are copies of earlier rows. The "
                "first: %s",
                self.source,
                copies.size,
                self._place(first_copy)
                if self._place
                else f"row {first_copy + 1}",
            )

    def reject_repeated(self, column: str, values: Text) -> None:
        """Rejects rows that repeat the id of an earlier row.

        Rows that have been rejected do not count as earlier rows.
        """
        rows = np.flatnonzero(self.keep)
        repeated = self.keep.copy()
        first = np.unique(_codes(values)[rows], return_index=True)[1]
        repeated[rows[first]] = False
        self.reject(repeated, column, "should not be repeated", cell(values))


def cell(values: pa.Array | EncodedText) -> Callable[[int], object]:
    """Returns a function that returns the value of a row."""

    def value(row: int) -> object:
        return values[row].as_py()

    return value


def to_bools(values: pa.Array, null: bool = False) -> BoolArray:
    """Returns an Arrow array of bools as a NumPy array.

    Args:
        values: The bools.
        null: Result for missing values.
    """
    return pc.fill_null(values, null).to_numpy(zero_copy_only=False)


def _mask(
    values: Text, test: Callable[[pa.StringArray], pa.Array], null: bool
) -> BoolArray:
    if isinstance(values, EncodedText):
        return values.mask(test, null)
    return to_bools(test(values), null)


def _codes(values: Text) -> npt.NDArray[np.int64]:
    if isinstance(values, EncodedText):
        return values.codes.astype(np.int64)
    codes = values.dictionary_encode(null_encoding="encode").indices
    return codes.to_numpy().astype(np.int64)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
