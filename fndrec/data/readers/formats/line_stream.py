"""Text files too large for memory, read in blocks of lines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from fndrec.data.outfit_data import OnError
from fndrec.data.readers.checks.row_checks import BoolArray, RowChecks, to_bools
from fndrec.data.readers.checks.source import check_file, list_lengths
from fndrec.errors import DataError

logger = logging.getLogger("fndrec.data")

BLOCK = 16 * 2**20
"""Bytes read at once. No line may be longer."""


@dataclass(frozen=True)
class Block:
    """Consecutive lines of a file, without unusable ones.

    Args:
        fields: Arrow arrays by field name.
        line: int64 array `(lines,)` of line numbers in the file, from 1.
    """

    fields: dict[str, pa.Array]
    line: npt.NDArray[np.int64]

    def kept(self, keep: BoolArray) -> Block:
        """Returns the lines where `keep` is true."""
        if keep.all():
            return self
        mask = pa.array(keep)
        fields = {name: f.filter(mask) for name, f in self.fields.items()}
        return Block(fields, self.line[keep])


class LineStream:
    """Lines of comma-separated fields, without header or quotes.

    Iteration holds `BLOCK` bytes of the file at a time.

    Args:
        path: The file.
        fields: Names of the fields. The last field may contain commas.
        wanted: Names of the fields to keep.
        on_error: "raise" raises at the first bad line, "drop" drops bad lines
            and logs them at the end of the iteration.
    """

    def __init__(
        self,
        path: Path,
        fields: Sequence[str],
        wanted: Sequence[str],
        on_error: OnError,
    ) -> None:
        check_file(path)
        self.path = path
        self.wanted = list(wanted)
        self._fields = list(fields)
        self._on_error: OnError = on_error
        # First examples, and number, of dropped lines by reason.
        self._examples: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def __iter__(self) -> Iterator[Block]:
        start = 1
        for lines in self._lines():
            number = np.arange(start, start + len(lines), dtype=np.int64)
            start += len(lines)
            parts = pc.split_pattern(
                lines, ",", max_splits=len(self._fields) - 1
            )
            block = Block({"line": lines}, number)
            keep = self.reject(
                block,
                list_lengths(parts) != len(self._fields),
                "line",
                f"should hold {','.join(self._fields)}",
                _texts(lines),
            )
            if not keep.all():
                parts = parts.filter(pa.array(keep))
            columns = {
                name: self._strings(
                    pc.list_element(parts, self._fields.index(name)),
                    name,
                    number[keep],
                )
                for name in self.wanted
            }
            yield Block(columns, number[keep])
        for reason, examples in self._examples.items():
            count = self._counts[reason]
            logger.warning(
                "%s: dropped %d lines, as %s. Lines: %s%s",
                self.path,
                count,
                reason,
                ", ".join(examples),
                ", ..." if count > len(examples) else "",
            )

    def reject(
        self,
        block: Block,
        bad: BoolArray,
        column: str,
        expected: str,
        value: Callable[[int], object],
    ) -> BoolArray:
        """Rejects lines of a block.

        Args:
            block: The block.
            bad: bool array `(lines,)`, true for lines to reject.
            column: Field at fault.
            expected: The expectation, such as "should not be empty".
            value: Returns the value received in a line.

        Returns:
            bool array `(lines,)`, true for the lines that are left.

        Raises:
            DataError: If a line is bad and `on_error` is "raise".
        """
        rows = np.flatnonzero(bad)
        if rows.size and self._on_error == "raise":
            RowChecks(
                str(self.path),
                len(bad),
                "raise",
                lambda row: self.place(int(block.line[row])),
            ).reject(bad, column, expected, value)
        if rows.size:
            reason = f"`{column}` {expected}"
            examples = self._examples.setdefault(reason, [])
            examples += [
                f"{block.line[row]} ({str(value(row))[:100]!r})"
                for row in rows[: 10 - len(examples)].tolist()
            ]
            self._counts[reason] = self._counts.get(reason, 0) + rows.size
        return ~np.asarray(bad)

    def place(self, line: int) -> str:
        """Returns how messages name a line."""
        return f"{self.path}, line {line}"

    def _lines(self) -> Iterator[pa.Array]:
        try:
            with pacsv.open_csv(
                self.path,
                read_options=pacsv.ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=["line"]
                ),
                parse_options=pacsv.ParseOptions(
                    # Each line is one field, because titles may hold quotes.
                    delimiter="\x01",
                    quote_char=False,
                    ignore_empty_lines=False,
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types={"line": pa.binary()},
                    strings_can_be_null=False,
                ),
            ) as reader:
                for batch in reader:
                    yield batch.column(0)
        except pa.ArrowException as error:
            if "Empty CSV file" in str(error):
                return
            raise DataError(
                f"{self.path}: lines of {','.join(self._fields)} were "
                f"expected. Received: {error}"
            ) from None

    def _strings(
        self, values: pa.Array, name: str, line: npt.NDArray[np.int64]
    ) -> pa.Array:
        try:
            return values.cast(pa.string())
        except pa.ArrowException:
            row = next(
                row for row, value in enumerate(values) if not _is_utf8(value)
            )
            raise DataError(
                f"{self.place(int(line[row]))}: `{name}` should be UTF-8. "
                f"Received: {values[row].as_py()[:100]!r}"
            ) from None


def joined(blocks: Sequence[Block], stream: LineStream) -> dict[str, pa.Array]:
    """Joins the fields of all blocks into one array per field."""
    return {
        name: pa.chunked_array(
            [block.fields[name] for block in blocks], pa.string()
        ).combine_chunks()
        for name in stream.wanted
    }


def empty(values: pa.StringArray) -> BoolArray:
    """Returns which values are empty or missing."""
    return to_bools(pc.equal(values, ""), null=True)


def _texts(lines: pa.Array) -> Callable[[int], object]:
    return lambda row: lines[row].as_py().decode("utf-8", "replace")


def _is_utf8(value: pa.Scalar) -> bool:
    try:
        value.as_py().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
