"""Tables as they were received, before any row is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fndrec.checks import ids
from fndrec.data.readers.checks.encoded_text import EncodedText
from fndrec.errors import DataError

ITEM_COLUMNS = ("item_id", "category", "image", "group", "feature")
SPLITS = ("train", "valid", "test")
MAX_COLUMNS = 10_000
LIKE_COLUMNS = ("user_id", "outfit_id")
OUTFIT_COLUMNS = ("outfit_id", "item_ids")


@dataclass(frozen=True)
class SourceTable:
    """The columns of one table that matter.

    Args:
        source: What messages call it: a path, or such as "items table".
        columns: Arrow array by column name.
        num_rows: Number of rows.
        place: What messages call a row, where that is not its number in one
            file.
    """

    source: str
    columns: dict[str, pa.Array]
    num_rows: int
    place: Callable[[int], str] | None = None

    def encoded(self, column: str) -> EncodedText:
        """Returns a column as strings of which each is held once.

        Raises:
            DataError: As `text`.
        """
        array = self.columns[column]
        if pa.types.is_dictionary(array.type):
            names = as_text(array.dictionary, self.source, column)
            return EncodedText.encode(
                pa.DictionaryArray.from_arrays(array.indices, names)
            )
        return EncodedText.encode(self.text(column))

    def text(self, column: str) -> pa.StringArray:
        """Returns a column as strings, null where a value is missing.

        Raises:
            DataError: If the column holds neither strings nor integers.
        """
        return as_text(self.columns[column], self.source, column)


@dataclass(frozen=True)
class Source:
    """All tables of a data set.

    Args:
        name: Name of the data set.
        items: Table of the items.
        outfits: Table of the outfits.
        likes: Table of the likes by split.
        photo_root: Folder that photo paths are relative to.
        features: Features `(items, features)` that came in a file of their
            own, or None.
        features_source: What messages call that file.
    """

    name: str
    items: SourceTable
    outfits: SourceTable
    likes: dict[str, SourceTable]
    photo_root: Path | None
    features: npt.NDArray[Any] | None = None
    features_source: str | None = None


def placed(source: str, rows: npt.NDArray[np.integer]) -> Callable[[int], str]:
    """What messages call the rows of a part of a file.

    Args:
        source: The file.
        rows: Which row of the file each is, from 0.
    """

    def place(row: int) -> str:
        return f"{source}, row {rows[row] + 1}"

    return place


def as_text(array: pa.Array, source: str, column: str) -> pa.StringArray:
    """Returns `array` as strings, null where a value is missing.

    Raises:
        DataError: If it holds neither strings nor integers.
    """
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_null(kind)
    ):
        # A float is refused too: an integer id that lost its type to a
        # missing value would read "7.0".
        raise DataError(
            f"{source}: `{column}` should hold strings or integers. "
            f"Received: {kind}"
        )
    return array.cast(pa.string())


def is_lists(array: pa.Array) -> bool:
    """Whether a column holds lists, and not ids joined to strings."""
    kind = array.type
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
    )


def check_columns(
    source: str,
    names: Sequence[str],
    required: Sequence[str],
    wanted: Sequence[str],
) -> None:
    """Checks the column names of a table.

    Args:
        source: What messages call the table.
        names: The column names.
        required: Columns that must be there.
        wanted: Columns that are read if they are there.

    Raises:
        DataError: If a column is missing or ambiguous, or there are too many.
    """
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"{source}: at most {MAX_COLUMNS:,} columns were expected. "
            f"Received: {len(names):,}"
        )
    for column in required:
        if column not in names:
            shown = ", ".join(repr(name)[:100] for name in names[:20])
            more = ", ..." if len(names) > 20 else ""
            raise DataError(
                f"{source}: a column `{column}` was expected. "
                f"Received: columns [{shown}{more}]"
            )
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise DataError(
            f"{source}: one column of a name was expected. "
            f"Received: {twice} more than once"
        )


def source_table(source: str, table: pa.Table) -> SourceTable:
    """Wraps a table whose column names have been checked."""
    columns = {
        name: table.column(name).combine_chunks() for name in table.column_names
    }
    return SourceTable(source, columns, table.num_rows)


def check_folder(folder: Path, argument: str = "folder") -> None:
    """Checks that the folder given as `argument` is there.

    Raises:
        DataError: If it is not.
    """
    if not folder.is_dir():
        raise DataError(
            f"`{argument}` should be an existing folder. "
            f"Received: {argument}='{folder}'"
        )


def check_file(path: Path) -> None:
    """Checks that a table's file is there.

    Raises:
        DataError: If it is not.
    """
    if not path.is_file():
        there = sorted(entry.name for entry in path.parent.iterdir())
        shown = ", ".join(there[:20]) + (", ..." if len(there) > 20 else "")
        raise DataError(
            f"{path}: a file was expected. "
            f"Received: a folder with {shown or 'nothing'}"
        )


def check_stale(
    folder: Path, written: Sequence[str], suffix: str, *others: str
) -> None:
    """Checks that a folder to write to holds no table of an older data set.

    Only what a reader would read beside the new files matters.

    Args:
        folder: The folder.
        written: Names of the files that are to be written.
        suffix: Of the tables of likes.
        *others: Other files that a reader would read.

    Raises:
        DataError: If it holds one.
    """
    for stale in (*others, *(f"{split}{suffix}" for split in SPLITS)):
        if stale not in written and (folder / stale).exists():
            raise DataError(
                f"`folder` should hold no table that this data lacks. "
                f"Received: {folder / stale}"
            )


def splits_to_read(
    splits: Sequence[str] | None, folder: Path, suffix: str
) -> list[str]:
    """Returns the splits to read, train, valid and test first.

    Raises:
        DataError: If `splits` is no list of names with train among them.
    """
    if splits is None:
        return [
            split
            for split in SPLITS
            if split == "train" or (folder / f"{split}{suffix}").exists()
        ]
    return ordered_splits(splits)


def known_splits(
    splits: Sequence[str] | None, path: Callable[[str], Path]
) -> list[str]:
    """Returns the splits to read of a layout that has train, valid and test.

    Args:
        splits: Names that were asked for, or None for all that are there.
        path: The file of a split.

    Raises:
        DataError: If a name is none of them, or train is not among them.
    """
    if splits is None:
        return [
            split
            for split in SPLITS
            if split == "train" or path(split).is_file()
        ]
    names = ordered_splits(splits)
    for name in names:
        if name not in SPLITS:
            raise DataError(
                f"`splits` should name some of {list(SPLITS)}, which this "
                f"layout has. Received: splits={names}"
            )
    return names


def ordered_splits(splits: Sequence[str]) -> list[str]:
    """Returns split names, train, valid and test first.

    Raises:
        DataError: If they are no names of splits with train among them.
    """
    names = list(ids("splits", splits))
    for name in names:
        # The name becomes a file name: it must not leave the folder.
        if (
            not isinstance(name, str)
            or not re.fullmatch(r"[\w-]+", name)
            or name in ("items", "outfits")
        ):
            raise DataError(
                "A split should be named by letters, digits, `_` and `-`, "
                f"and not items or outfits. Received: split={name!r}"
            )
    if "train" not in names or len(set(names)) < len(names):
        raise DataError(
            "`splits` should hold distinct names, 'train' among them. "
            f"Received: splits={names}"
        )
    first = [split for split in SPLITS if split in names]
    return first + [name for name in names if name not in SPLITS]
