"""CSV files of integers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from fndrec.data.readers.checks.source import check_file
from fndrec.errors import DataError


def read_integer_rows(
    path: Path, header: Sequence[str], repeats: int | None = 1
) -> npt.NDArray[np.int64]:
    """Reads a CSV file of integers whose column names may repeat.

    Args:
        path: The file.
        header: Names of the columns, in order.
        repeats: Number of times that the first row repeats the header; None
            for any number from 2.

    Returns:
        int64 array `(rows, repeats, columns)`.

    Raises:
        DataError: If the file is missing, has a different header, or a field
            is not an integer.
    """
    check_file(path)
    names = read_header(path)
    count = len(names) // len(header)
    if names != list(header) * count or (
        count < 2 if repeats is None else count != repeats
    ):
        times = {None: ", repeated", 1: ""}.get(repeats, f" {repeats} times")
        raise DataError(
            f"{path}: the header `{','.join(header)}`{times} was expected. "
            f"Received: {','.join(names)[:200]!r}"
        )
    # Names may repeat, so columns are read by number.
    columns = [str(number) for number in range(len(names))]
    table = _strings(path, columns)
    rows = np.empty((table.num_rows, len(columns)), np.int64)
    for number, column in enumerate(columns):
        text = table.column(column)
        try:
            # Only digits are accepted; nothing is guessed.
            values = pc.cast(text, pa.int64())
        except pa.ArrowException:
            is_integer = pc.match_substring_regex(text, r"^-?[0-9]{1,18}$")
            row = pc.index(is_integer, False).as_py()
            raise DataError(
                f"{path}, row {row + 1}: `{names[number]}` should be an "
                f"integer. Received: {text[row].as_py()!r}"
            ) from None
        rows[:, number] = values.to_numpy()
    return rows.reshape(table.num_rows, count, len(header))


def read_header(path: Path) -> list[str]:
    """Returns the column names of a CSV file.

    Suffixes that pandas adds to repeated names, such as `.1`, are removed.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: a CSV file in UTF-8 was expected. Received: {error}"
        ) from None
    names = [name.strip() for name in line.split(",")]
    return [re.sub(r"\.\d+$", "", name) for name in names]


def _strings(path: Path, columns: list[str]) -> pa.Table:
    bad_rows: list[Any] = []

    def note(row: Any) -> str:
        bad_rows.append(row)
        return "error"

    try:
        return pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(
                # With several threads, malformed rows have no number.
                use_threads=False,
                skip_rows=1,
                column_names=columns,
            ),
            parse_options=pacsv.ParseOptions(invalid_row_handler=note),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowException as error:
        if bad_rows:
            row = bad_rows[0]
            raise DataError(
                f"{path}, row {row.number - 1}: {len(columns)} fields were "
                f"expected. Received: {row.actual_columns} in "
                f"{row.text[:200]!r}"
            ) from None
        if "Empty CSV file" in str(error):
            empty = pa.array([], pa.string())
            return pa.table(dict.fromkeys(columns, empty))
        raise DataError(
            f"{path}: a CSV file of integers was expected. Received: {error}"
        ) from None
