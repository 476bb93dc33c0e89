"""A folder of Parquet files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fndrec.data.readers.source import (
    ITEM_COLUMNS,
    LIKE_COLUMNS,
    OUTFIT_COLUMNS,
    Source,
    SourceTable,
    check_columns,
    check_file,
    check_folder,
    source_table,
    splits_to_read,
)
from fndrec.data.readers.validation import build, check_arguments
from fndrec.data.tables import OnError, OutfitData
from fndrec.errors import DataError


def read_parquet(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 8,
    splits: Sequence[str] | None = None,
) -> OutfitData:
    """Reads a folder of Parquet files: see `OutfitData.from_parquet`."""
    check_arguments(on_error, max_slots)
    root = Path(folder)
    check_folder(root)
    names = splits_to_read(splits, root, ".parquet")
    source = Source(
        name=root.resolve().name,
        items=_read(root / "items.parquet", ITEM_COLUMNS[:1], ITEM_COLUMNS),
        outfits=_read(root / "outfits.parquet", OUTFIT_COLUMNS, OUTFIT_COLUMNS),
        likes={
            name: _read(root / f"{name}.parquet", LIKE_COLUMNS, LIKE_COLUMNS)
            for name in names
        },
        photo_root=root,
    )
    return build(source, on_error, max_slots)


def _read(
    path: Path, required: Sequence[str], wanted: Sequence[str]
) -> SourceTable:
    check_file(path)
    try:
        # Not `read_table`, which takes folders named `key=value` for columns.
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            check_columns(str(path), names, required, wanted)
            table = file.read([name for name in wanted if name in names])
        # Arrow believes what a file says of its strings.
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: a Parquet file was expected. Received: {error}"
        ) from None
    return source_table(str(path), table)
