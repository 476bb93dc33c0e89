"""Tables in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.build import build, check_arguments
from fndrec.data.readers.checks.source import (
    ITEM_COLUMNS,
    LIKE_COLUMNS,
    OUTFIT_COLUMNS,
    Source,
    SourceTable,
    check_columns,
    check_folder,
    ordered_splits,
    source_table,
)
from fndrec.errors import DataError


def from_tables(
    items: Any,
    outfits: Any,
    likes: Mapping[str, Any],
    photo_root: str | os.PathLike[str] | None = None,
    on_error: OnError = "raise",
    max_slots: int = 8,
) -> OutfitData:
    """Builds a data set from pandas data frames or Arrow tables.

    The columns are those of `read_parquet`.

    Args:
        items: Table of the items.
        outfits: Table of the outfits.
        likes: Tables of the likes by split, including "train".
        photo_root: Folder of the photos if items have a column `image`.
        on_error: As in `read_csv`.
        max_slots: As in `read_csv`.

    Returns:
        The data set.

    Raises:
        DataError: As in `read_csv`.

    Example:

    >>> data = fndrec.data.from_tables(
    ...     pa.table({"item_id": ["shirt", "shoe"]}),
    ...     pa.table({"outfit_id": ["o1"], "item_ids": ["shirt;shoe"]}),
    ...     {"train": pa.table({"user_id": ["ann"], "outfit_id": ["o1"]})},
    ... )
    """
    check_arguments(on_error, max_slots)
    if not isinstance(likes, Mapping):
        raise TypeError(
            "`likes` should be a dictionary from split to table. "
            f"Received: likes of type {type(likes).__name__}"
        )
    required: Sequence[str] = ITEM_COLUMNS[:1]
    root = None
    if photo_root is not None:
        root = Path(photo_root)
        check_folder(root, "photo_root")
        required = ("item_id", "image")
    source = Source(
        name="in memory",
        items=_table("items table", items, required, ITEM_COLUMNS),
        outfits=_table(
            "outfits table", outfits, OUTFIT_COLUMNS, OUTFIT_COLUMNS
        ),
        likes={
            name: _table(
                f"{name} likes table", likes[name], LIKE_COLUMNS, LIKE_COLUMNS
            )
            for name in ordered_splits(list(likes))
        },
        photo_root=root,
    )
    return build(source, on_error, max_slots)


def _table(
    source: str, table: Any, required: Sequence[str], wanted: Sequence[str]
) -> SourceTable:
    names = getattr(table, "column_names", None)
    if names is None:
        names = getattr(table, "columns", None)
    if names is None:
        raise DataError(
            f"{source}: a pandas data frame or an Arrow table was expected. "
            f"Received: {type(table).__name__}"
        )
    names = list(names)
    check_columns(source, names, required, wanted)
    # Other columns may hold values that Arrow does not support.
    columns = [name for name in wanted if name in names]
    try:
        if isinstance(table, pa.Table):
            return source_table(source, table.select(columns))
        return source_table(source, pa.table(table[columns]))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"{source}: columns of strings, integers or lists were expected. "
            f"Received: {error}"
        ) from None
