"""Data sets from folders of any known layout."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.layouts import (
    AUTO,
    LAYOUTS,
    check_options,
    layout_of,
)


def load_data(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int | None = None,
    splits: Sequence[str] | None = None,
    format: str = AUTO,
    **options: Any,
) -> OutfitData:
    """Reads a data set from a folder of any known layout.

    Args:
        folder: The folder.
        on_error: As in `fndrec.data.read_csv`.
        max_slots: As in `read_csv`; by default that of the layout, 8 for
            tables.
        splits: As in `read_csv`.
        format: `"csv"` or `"parquet"`; or the layout of a published set, see
            the reader of that name in `fndrec.data`: `"polyvore-u"`,
            `"difashion"`, `"pog"`, `"iqon3000"`, `"polyvore-outfits"`. By
            default, the layout that the folder has; Parquet files go before
            CSV files.
        **options: Further arguments of that reader.

    Returns:
        The data set.

    Raises:
        DataError: As in `read_csv`; if the folder has no known layout.

    Example:

    >>> data = fndrec.load_data("shop")
    """
    name = layout_of(Path(folder), format)
    read = LAYOUTS[name].read
    if max_slots is not None:
        options["max_slots"] = max_slots
    if splits is not None:
        options["splits"] = splits
    check_options(read, name, options)
    return read(folder, on_error=on_error, **options)


def read_fixed(
    folder: str | os.PathLike[str],
    data: OutfitData,
    on_error: OnError = "raise",
    format: str = AUTO,
    **options: Any,
) -> dict[str, FixedCandidates]:
    """Reads the candidates that a data set comes with.

    | layout | names |
    | --- | --- |
    | `csv`, `parquet` | `fitb_*`, also `negatives_*` and `hard_*` |
    | `polyvore-u` | `negatives_*`, `hard_*`, `fitb_test` |
    | `difashion` | `fitb_valid`, `fitb_test` |
    | `polyvore-outfits` | `negatives_*`, `fitb_*` |

    where `*` is train, valid or test. The tables are `fitb_valid.csv` (or
    `.parquet`) with the columns user_id, item_ids, blank (the true item) and
    wrong_ids, and `negatives_valid.parquet` with user_id, item_ids and
    negatives, a list of outfits.

    Args:
        folder: The folder of the data set.
        data: What was read from it, perhaps with users or items left out:
            users and items are found by their ids.
        on_error: What is done with a question that names a user or an item
            that `data` does not have: "raise" or "drop".
        format: As in `load_data`.
        **options: The options of the reader of that layout that say where
            and how its files are read: `variant`, `allow_pickle`.

    Returns:
        The candidates by name; none if there are no such files.

    Raises:
        DataError: If a file cannot be used; the message names file and row.

    Example:

    >>> data = fndrec.load_data("shop")
    >>> fndrec.data.read_fixed("shop", data)["fitb_valid"].outfits.shape
    (2400, 4, 5)
    """
    name = layout_of(Path(folder), format)
    read = LAYOUTS[name].fixed
    if read is None:
        return {}
    check_options(read, name, options)
    return read(folder, data, on_error=on_error, **options)
