"""Rows that cannot be used: raise at the first, or drop and log."""

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
"""Characters of an id: longer ones are a sign of a broken file."""

BoolArray = npt.NDArray[np.bool_]
Text: TypeAlias = pa.StringArray | EncodedText


class RowChecks:
    """Which rows of one table can be used.

    Args:
        source: What messages call the table.
        num_rows: Number of its rows.
        on_error: "raise" raises at the first bad row, "drop" takes bad rows
            out of `keep` and logs them.
        place: What messages call a row; "{source}, row {number}" by default.
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
        """Rejects rows whose id is empty or cannot be a line of text."""
        self.reject_empty(column, values)
        self.reject(
            # Vocabularies are stored as one id a line.
            _mask(
                values,
                lambda text: pc.match_substring_regex(text, "[\r\n]"),
                null=False,
            ),
            column,
            "should not contain a line break",
            cell(values),
        )
        self.reject(
            # Where text of C is read, an id would end there.
            _mask(
                values, lambda text: pc.match_substring(text, "\0"), null=False
            ),
            column,
            "should not contain a null character",
            cell(values),
        )
        self.reject(
            _mask(
                values,
                lambda text: pc.greater(pc.utf8_length(text), MAX_ID),
                null=False,
            ),
            column,
            f"should have at most {MAX_ID:,} characters",
            cell(values),
        )

    def drop_copies(self, *columns: Text) -> None:
        """Drops rows that say again, word for word, what a row before said.

        They do no harm, and published sets have them: they are logged, and
        no error even with `on_error="raise"`.
        """
        rows = np.flatnonzero(self.keep)
        keys = np.zeros(rows.size, np.int64)
        for values in columns:
            # One number a row: millions of rows sort in a second.
            codes = _codes(values)[rows]
            keys = keys * (codes.max(initial=0) + 1) + codes
            keys = np.unique(keys, return_inverse=True)[1].reshape(-1)
        first = np.unique(keys, return_index=True)[1]
        copies = np.delete(rows, first)
        if copies.size:
            self.keep[copies] = False
            first_copy = int(copies[0])
            logger.info(
                "%s: left out %d rows that repeat a row before them word for "
                "word. The first: %s",
                self.source,
                copies.size,
                self._place(first_copy)
                if self._place
                else f"row {first_copy + 1}",
            )

    def reject_repeated(self, column: str, values: Text) -> None:
        """Rejects rows with the id of a row before them.

        A row that has been rejected does not count as one before.
        """
        rows = np.flatnonzero(self.keep)
        repeated = self.keep.copy()
        first = np.unique(_codes(values)[rows], return_index=True)[1]
        repeated[rows[first]] = False
        self.reject(repeated, column, "should not be repeated", cell(values))


def cell(values: pa.Array | EncodedText) -> Callable[[int], object]:
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
