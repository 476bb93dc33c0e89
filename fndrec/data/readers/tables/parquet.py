"""A folder of Parquet files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.build import build, check_arguments
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


def read_parquet(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 8,
    splits: Sequence[str] | None = None,
) -> OutfitData:
    """Reads a folder of Parquet files.

    The tables are those of `read_csv`, in files such as `items.parquet`. In
    addition, `item_ids` may hold lists, ids may be integers, and items may
    have a column `feature` of lists of numbers.

    Args:
        folder: The folder. Photo paths are relative to it.
        on_error: As in `read_csv`.
        max_slots: As in `read_csv`.
        splits: As in `read_csv`.

    Returns:
        The data set.

    Raises:
        DataError: As in `read_csv`.

    Example:

    >>> data = fndrec.data.read_parquet("shop")
    """
    check_arguments(on_error, max_slots)
    root = Path(folder)
    check_folder(root)
    names = splits_to_read(splits, root, ".parquet")
    source = Source(
        name=root.resolve().name,
        items=read_parquet_file(
            root / "items.parquet", ITEM_COLUMNS[:1], ITEM_COLUMNS
        ),
        outfits=read_parquet_file(
            root / "outfits.parquet", OUTFIT_COLUMNS, OUTFIT_COLUMNS
        ),
        likes={
            name: read_parquet_file(
                root / f"{name}.parquet", LIKE_COLUMNS, LIKE_COLUMNS
            )
            for name in names
        },
        photo_root=root,
    )
    return build(source, on_error, max_slots)


def read_parquet_file(
    path: Path, required: Sequence[str], wanted: Sequence[str]
) -> SourceTable:
    """Reads columns of a Parquet file.

    Args:
        path: The file.
        required: Required columns.
        wanted: Columns that are read if present.

    Raises:
        DataError: If the file is missing or not a Parquet file, or a required
            column is missing.
    """
    check_file(path)
    try:
        # `read_table` would add columns for folders named `key=value`.
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            check_columns(str(path), names, required, wanted)
            table = file.read([name for name in wanted if name in names])
        # Arrow does not check on its own that strings are UTF-8.
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: a Parquet file was expected. Received: {error}"
        ) from None
    return source_table(str(path), table)


def write_parquet(data: OutfitData, folder: str | os.PathLike[str]) -> None:
    """Writes a data set in the layout that `read_parquet` reads.

    The tables are those of `write_csv`, in files such as `items.parquet`.
    Ids may contain `;`.

    Args:
        data: The data set.
        folder: Folder to write to; created if missing.

    Raises:
        DataError: If the folder holds a table of the layout that would not
            be replaced.

    Example:

    >>> fndrec.data.write_parquet(data, "shop")
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    check_stale(root, [f"{split}.parquet" for split in data.splits], ".parquet")
    columns: dict[str, pa.Array] = {"item_id": data.items.ids}
    if data.categories is not None and data.item_category is not None:
        columns["category"] = data.categories.ids.take(
            pa.array(data.item_category)
        )
    if data.photos is not None:
        columns["image"] = data.photos
    if data.groups is not None:
        columns["group"] = data.groups.ids.take(pa.array(data.item_group))
    if data.features is not None:
        columns["feature"] = pa.FixedSizeListArray.from_arrays(
            pa.array(data.features.reshape(-1)), data.features.shape[1]
        )
    tables = {
        "items": columns,
        "outfits": {
            "outfit_id": data.outfits.ids,
            "item_ids": id_lists(data.items.ids, data.outfit_items),
        },
    }
    for split, likes in data.splits.items():
        tables[split] = {
            "user_id": data.users.ids.take(pa.array(likes.user)),
            "outfit_id": data.outfits.ids.take(pa.array(likes.outfit)),
        }
    for name, table in tables.items():
        with atomic_path(root / f"{name}.parquet") as draft:
            pq.write_table(pa.table(table), draft)
