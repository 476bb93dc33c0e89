"""Parts of Parquet files, each processed atomically."""

import dataclasses
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fndrec.errors import DataError


@dataclasses.dataclass(frozen=True)
class Part:
    """The rows `start` to `stop` of a file.

    Args:
        number: Number of the part among all.
        path: The file.
        start: The first row.
        stop: The row after the last.
    """

    number: int
    path: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """The name of the result file of the part."""
        return f"part-{self.number:06d}.parquet"

    def read(self, columns: Collection[str]) -> pa.Table:
        """Reads the rows; touches only the row groups that hold them."""
        with pq.ParquetFile(self.path) as file:
            groups: list[int] = []
            first = at = 0
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if at < self.stop and at + rows > self.start:
                    if not groups:
                        first = at
                    groups.append(group)
                at += rows
            table = file.read_row_groups(groups, list(columns))
        return table.slice(self.start - first, self.stop - self.start)


def parts_of(
    path: Path, rows: int, columns: dict[str, tuple[str, ...]]
) -> list[Part]:
    """Splits a Parquet file, or a folder of them, into parts.

    Args:
        path: The file or the folder.
        rows: Rows of a part at the most; a part lies in one file.
        columns: What columns there should be, and what each may hold, see
            `_kind`.

    Returns:
        The parts, in the order of the files' names.

    Raises:
        DataError: If there is no such file, it is no Parquet, has no rows or
            lacks a column.
    """
    files = [path]
    if path.is_dir():
        files = sorted(path.glob("*.parquet"))
    found: list[Part] = []
    for file in files:
        for start in range(0, (total := _checked(file, columns)), rows):
            stop = min(start + rows, total)
            found.append(Part(len(found), str(file.resolve()), start, stop))
    if not found:
        raise DataError(f"{path}: should be Parquet with rows. Received: none")
    return found


def _checked(path: Path, columns: dict[str, tuple[str, ...]]) -> int:
    """Checks the columns of a file; returns its number of rows."""
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: should be a Parquet file. Received: {error}"
        ) from error
    for name, kinds in columns.items():
        if name not in schema.names:
            raise DataError(
                f"{path}: should have a column `{name}`. Received: columns "
                f"{schema.names}"
            )
        kind = schema.field(name).type
        if _kind(kind) not in kinds:
            raise DataError(
                f"{path}: column `{name}` should be of {' or '.join(kinds)}. "
                f"Received: {kind}"
            )
    return int(rows)


def _kind(kind: Any) -> str:
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "strings"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "bytes"
    lists = (pa.ListType, pa.LargeListType, pa.FixedSizeListType)
    if isinstance(kind, lists) and pa.types.is_floating(kind.value_type):
        return "lists of floats"
    return str(kind)
