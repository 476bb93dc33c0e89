"""A folder of CSV files."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.build import build, check_arguments
from fndrec.data.readers.checks.features import load_features
from fndrec.data.readers.checks.source import (
    ITEM_COLUMNS,
    LIKE_COLUMNS,
    OUTFIT_COLUMNS,
    Source,
    SourceTable,
    check_columns,
    check_file,
    check_folder,
    check_stale,
    id_lists,
    source_table,
    splits_to_read,
)
from fndrec.errors import DataError
from fndrec.files import atomic_path

# Features are not in a CSV column but in `features.npy`.
_ITEM_COLUMNS = tuple(name for name in ITEM_COLUMNS if name != "feature")

# Bytes that Arrow reads at once, the length of the longest row.
_LONGEST_ROW = 1 << 24


def read_csv(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 8,
    splits: Sequence[str] | None = None,
) -> OutfitData:
    """Reads a folder of CSV files.

    The folder holds `items.csv` (item_id and, if known, category, image,
    group), `outfits.csv` (outfit_id, item_ids joined by `;`), the likes in
    `train.csv` and perhaps `valid.csv` and `test.csv` (user_id, outfit_id),
    and perhaps `features.npy`: floats `(items, features)`, in the order of
    `items.csv`. Ids are strings. Other files and columns are ignored.

    Args:
        folder: The folder. Photo paths are relative to it.
        on_error: "raise" stops at the first unusable row. "drop" drops such
            rows and all that depends on them, and logs their number and the
            first ones.
        max_slots: Most items that an outfit may have.
        splits: Splits to read, including "train". By default those of train,
            valid and test that exist.

    Returns:
        The data set.

    Raises:
        DataError: If something is missing or unusable. The message names the
            file, the row (counted from 1, without the header) and the value.

    Example:

    >>> data = fndrec.data.read_csv("shop")
    """
    check_arguments(on_error, max_slots)
    root = Path(folder)
    check_folder(root)
    names = splits_to_read(splits, root, ".csv")
    items = _read(root / "items.csv", _ITEM_COLUMNS[:1], _ITEM_COLUMNS)
    outfits = _read(root / "outfits.csv", OUTFIT_COLUMNS, OUTFIT_COLUMNS)
    likes = {
        name: _read(root / f"{name}.csv", LIKE_COLUMNS, LIKE_COLUMNS)
        for name in names
    }
    features = root / "features.npy"
    return build(
        Source(
            name=root.resolve().name,
            items=items,
            outfits=outfits,
            likes=likes,
            photo_root=root,
            features=(
                load_features(features, items.num_rows)
                if features.exists()
                else None
            ),
            features_source=str(features),
        ),
        on_error,
        max_slots,
    )


def _read(
    path: Path, required: Sequence[str], wanted: Sequence[str]
) -> SourceTable:
    return source_table(str(path), read_csv_file(path, required, wanted))


def read_csv_file(
    path: Path, required: Sequence[str], wanted: Sequence[str] | None = None
) -> pa.Table:
    """Reads columns of a CSV file as strings.

    Args:
        path: The file.
        required: Required columns.
        wanted: Columns that are read if present; all by default.

    Returns:
        The columns, in the order of `wanted`.

    Raises:
        DataError: If the file is missing or not a CSV file in UTF-8, or a
            required column is missing.
    """
    check_file(path)
    bad_rows: list[Any] = []

    def note(row: Any) -> str:
        bad_rows.append(row)
        return "error"

    try:
        names, has_rows = _header(path)
        if wanted is None:
            wanted = names
        check_columns(str(path), names, required, wanted)
        columns = [name for name in wanted if name in names]
        if not has_rows:
            # Arrow refuses a header that no line break ends.
            empty = pa.array([], pa.string())
            return pa.table(dict.fromkeys(columns, empty))
        return pacsv.read_csv(
            path,
            # With several threads, malformed rows have no number.
            read_options=pacsv.ReadOptions(
                use_threads=False, block_size=_LONGEST_ROW
            ),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pacsv.ConvertOptions(
                include_columns=columns,
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        if bad_rows:
            row = bad_rows[0]
            raise DataError(
                f"{path}, row {row.number - 1}: {row.expected_columns} fields "
                f"were expected. Received: {row.actual_columns} in "
                f"{row.text[:200]!r}"
            ) from None
        raise DataError(
            f"{path}: a CSV file in UTF-8 was expected. Received: {error}"
        ) from None


def _header(path: Path) -> tuple[list[str], bool]:
    """Returns the column names and whether a row follows."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = (row for row in csv.reader(file) if row)
        names = next(rows, None)
        if names is not None:
            try:
                return names, next(rows, None) is not None
            except csv.Error:
                return names, True  # Arrow reports what is wrong with it
    raise DataError(
        f"{path}: a header of column names was expected. "
        "Received: an empty file"
    )


def write_csv(data: OutfitData, folder: str | os.PathLike[str]) -> None:
    """Writes a data set in the layout that `read_csv` reads.

    Each file is written whole or not at all. Photos are not copied; their
    paths are written unchanged.

    Args:
        data: The data set.
        folder: Folder to write to; created if missing.

    Raises:
        DataError: If an item id contains `;`, or the folder holds a table of
            the layout that would not be replaced.

    Example:

    >>> fndrec.data.write_csv(data, "shop")
    """
    root = Path(folder)
    _check_separator(data)
    root.mkdir(parents=True, exist_ok=True)
    columns: dict[str, list[str]] = {"item_id": data.items.to_list()}
    if data.categories is not None and data.item_category is not None:
        columns["category"] = data.categories.take(data.item_category)
    if data.photos is not None:
        columns["image"] = data.photos.to_pylist()
    if data.groups is not None:
        columns["group"] = data.groups.take(data.item_group)
    names = [f"{split}.csv" for split in data.splits]
    if data.features is not None:
        names.append("features.npy")
    check_stale(root, names, ".csv", "features.npy")
    write_rows(root / "items.csv", columns, zip(*columns.values(), strict=True))
    joined = pc.binary_join(id_lists(data.items.ids, data.outfit_items), ";")
    write_rows(
        root / "outfits.csv",
        OUTFIT_COLUMNS,
        zip(data.outfits, joined.to_pylist(), strict=True),
    )
    for split, likes in data.splits.items():
        write_rows(
            root / f"{split}.csv",
            LIKE_COLUMNS,
            zip(
                data.users.take(likes.user),
                data.outfits.take(likes.outfit),
                strict=True,
            ),
        )
    if data.features is not None:
        with (
            atomic_path(root / "features.npy") as draft,
            draft.open("wb") as file,
        ):
            np.save(file, data.features, allow_pickle=False)


def _check_separator(data: OutfitData) -> None:
    row = pc.index(pc.match_substring(data.items.ids, ";"), True).as_py()
    if row >= 0:
        raise DataError(
            "Item ids should not contain `;`, which joins them in "
            f"outfits.csv. Received: item_id={data.items[row]!r}"
        )


def write_rows(
    path: Path, columns: Iterable[str], rows: Iterable[Iterable[str]]
) -> None:
    """Writes a CSV file, whole or not at all.

    Args:
        path: The file.
        columns: Names of the columns.
        rows: The rows.
    """
    with (
        atomic_path(path) as draft,
        draft.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
