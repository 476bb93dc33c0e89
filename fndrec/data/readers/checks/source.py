"""Tables as read, before their rows are checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
    """The relevant columns of one table.

    Args:
        source: The table, as messages name it: a path, or a name such as
            "items table".
        columns: Arrow arrays by column name.
        place: Returns how messages name a row; by default by its number.
    """

    source: str
    columns: dict[str, pa.Array]
    place: Callable[[int], str] | None = None

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))

    def encoded(self, column: str) -> EncodedText:
        """Returns a column as encoded strings.

        Raises:
            DataError: As in `text`.
        """
        array = self.columns[column]
        if pa.types.is_dictionary(array.type):
            names = as_text(array.dictionary, self.source, column)
            return EncodedText.encode(
                pa.DictionaryArray.from_arrays(array.indices, names)
            )
        return EncodedText.encode(self.text(column))

    def text(self, column: str) -> pa.StringArray:
        """Returns a column as strings, with null for missing values.

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
        likes: Tables of the likes by split.
        photo_root: Folder that photo paths are relative to.
        features: Features `(items, features)` from a separate file, or None.
        features_source: That file, as messages name it.
    """

    name: str
    items: SourceTable
    outfits: SourceTable
    likes: dict[str, SourceTable]
    photo_root: Path | None
    features: npt.NDArray[Any] | None = None
    features_source: str | None = None


def placed(source: str, rows: npt.NDArray[np.integer]) -> Callable[[int], str]:
    """Returns a function that names rows which are a part of a file.

    Args:
        source: The file.
        rows: `(rows,)` numbers of the rows in the file, from 0.
    """

    def place(row: int) -> str:
        return f"{source}, row {rows[row] + 1}"

    return place


def as_text(array: pa.Array, source: str, column: str) -> pa.StringArray:
    """Returns `array` as strings, with null for missing values.

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
        # Floats are refused too: if a missing value turned integer ids into
        # floats, an id would read "7.0".
        raise DataError(
            f"{source}: `{column}` should hold strings or integers. "
            f"Received: {kind}"
        )
    return array.cast(pa.string())


def is_lists(array: pa.Array) -> bool:
    """Returns whether a column holds lists instead of joined ids."""
    kind = array.type
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
    )


def split_ids(text: pa.StringArray) -> pa.ListArray:
    """Splits ids that `;` joins."""
    # Splitting an empty string would give one empty id.
    return pc.split_pattern(pc.if_else(pc.equal(text, ""), None, text), ";")


def list_lengths(lists: pa.ListArray) -> npt.NDArray[np.integer]:
    """Returns the lengths of lists, 0 for null."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return lengths.to_numpy(zero_copy_only=False)


def id_lists(
    item_ids: pa.StringArray, rows: npt.NDArray[np.integer]
) -> pa.ListArray:
    """Returns the ids of the items of outfits.

    Args:
        item_ids: Ids of all items.
        rows: Int array `(outfits, slots)` of item rows, padded with -1.
    """
    used = rows >= 0
    offsets = np.concatenate([[0], np.cumsum(used.sum(axis=1))])
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), item_ids.take(pa.array(rows[used]))
    )


def check_columns(
    source: str,
    names: Sequence[str],
    required: Sequence[str],
    wanted: Sequence[str],
) -> None:
    """Checks the column names of a table.

    Args:
        source: The table, as messages name it.
        names: The column names.
        required: Required columns.
        wanted: Columns that are read if present.

    Raises:
        DataError: If a column is missing or repeated, or there are too many.
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
    repeated = [name for name in wanted if names.count(name) > 1]
    if repeated:
        raise DataError(
            f"{source}: distinct column names were expected. "
            f"Received: {repeated} more than once"
        )


def source_table(source: str, table: pa.Table) -> SourceTable:
    """Wraps a table whose column names have been checked."""
    columns = {
        name: table.column(name).combine_chunks() for name in table.column_names
    }
    return SourceTable(source, columns)


def check_folder(folder: Path, argument: str = "folder") -> None:
    """Checks that the folder passed as `argument` exists.

    Raises:
        DataError: If it does not.
    """
    if not folder.is_dir():
        raise DataError(
            f"`{argument}` should be an existing folder. "
            f"Received: {argument}='{folder}'"
        )


def check_file(path: Path) -> None:
    """Checks that a file exists.

    Raises:
        DataError: If it does not.
    """
    if not path.is_file():
        names = sorted(entry.name for entry in path.parent.iterdir())
        shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        raise DataError(
            f"{path}: a file was expected. "
            f"Received: a folder with {shown or 'nothing'}"
        )


def check_stale(
    folder: Path, written: Sequence[str], suffix: str, *others: str
) -> None:
    """Checks that an output folder holds no table of an older data set.

    Only files that a reader would read along with the new ones matter.

    Args:
        folder: The folder.
        written: Names of the files to be written.
        suffix: Suffix of the tables of likes.
        *others: Other files that a reader would read.

    Raises:
        DataError: If the folder holds such a file.
    """
    for stale in (*others, *(f"{split}{suffix}" for split in SPLITS)):
        if stale not in written and (folder / stale).exists():
            raise DataError(
                "`folder` should hold no table that would not be replaced. "
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
    """Returns the splits to read in a layout with train, valid and test.

    Args:
        splits: Names to read, or None for all that exist.
        path: Returns the file of a split.

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
