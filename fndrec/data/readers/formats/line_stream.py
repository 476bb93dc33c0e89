"""Files of lines too large to hold, block by block."""

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
from fndrec.data.readers.checks.source import check_file
from fndrec.errors import DataError

logger = logging.getLogger("fndrec.data")

BLOCK = 16 * 2**20
"""Bytes that are read at once; no line may be longer."""


@dataclass(frozen=True)
class Block:
    """Some lines that follow one another.

    Args:
        fields: The fields by name, of the lines that can be used.
        line: Their numbers in the file, from 1.
    """

    fields: dict[str, pa.Array]
    line: npt.NDArray[np.int64]

    def kept(self, keep: BoolArray) -> Block:
        """Returns the lines of which `keep` is true."""
        if keep.all():
            return self
        mask = pa.array(keep)
        fields = {name: f.filter(mask) for name, f in self.fields.items()}
        return Block(fields, self.line[keep])


class LineStream:
    """Lines of fields that commas separate, without header and quotes.

    A pass over the file holds `BLOCK` bytes of it at a time.

    Args:
        path: The file.
        fields: Names of the fields; the last may contain commas.
        wanted: Those that are kept.
        on_error: "raise" raises at the first bad line, "drop" leaves bad
            lines out and logs them when the pass is over.
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
        self._dropped: dict[str, list[str]] = {}
        self._numbers: dict[str, int] = {}

    def __iter__(self) -> Iterator[Block]:
        start = 1
        for lines in self._lines():
            number = np.arange(start, start + len(lines), dtype=np.int64)
            start += len(lines)
            parts = pc.split_pattern(
                lines, ",", max_splits=len(self._fields) - 1
            )
            found = pc.list_value_length(parts).to_numpy(zero_copy_only=False)
            block = Block({"line": lines}, number)
            keep = self.reject(
                block,
                found != len(self._fields),
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
        for message, shown in self._dropped.items():
            count = self._numbers[message]
            logger.warning(
                "%s: dropped %d lines, as %s. Lines: %s%s",
                self.path,
                count,
                message,
                ", ".join(shown),
                ", ..." if count > len(shown) else "",
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

        Returns:
            Which lines are left.

        Raises:
            DataError: If any is bad and `on_error` is "raise".
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
            message = f"`{column}` {expected}"
            shown = self._dropped.setdefault(message, [])
            shown += [
                f"{block.line[row]} ({str(value(row))[:100]!r})"
                for row in rows[: 10 - len(shown)].tolist()
            ]
            total = self._numbers.get(message, 0)
            self._numbers[message] = total + rows.size
        return ~np.asarray(bad)

    def place(self, line: int) -> str:
        """What messages call a line."""
        return f"{self.path}, line {line}"

    def _lines(self) -> Iterator[pa.Array]:
        try:
            with pacsv.open_csv(
                self.path,
                read_options=pacsv.ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=["line"]
                ),
                parse_options=pacsv.ParseOptions(
                    # Every line is one field; a title may hold a quote.
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
    """The fields of all blocks, one array each."""
    return {
        name: pa.chunked_array(
            [block.fields[name] for block in blocks], pa.string()
        ).combine_chunks()
        for name in stream.wanted
    }


def empty(values: pa.StringArray) -> BoolArray:
    """Which values are empty."""
    return to_bools(pc.equal(values, ""), null=True)


def _texts(lines: pa.Array) -> Callable[[int], object]:
    return lambda row: lines[row].as_py().decode("utf-8", "replace")


def _is_utf8(value: pa.Scalar) -> bool:
    try:
        value.as_py().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
