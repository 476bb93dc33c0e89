"""Readers that detect the layout of a folder."""

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
    """Reads a data set from a folder in any known layout.

    Args:
        folder: The folder.
        on_error: As in `fndrec.data.read_csv`.
        max_slots: As in `read_csv`. The default is that of the layout, 8
            for tables.
        splits: As in `read_csv`.
        format: `"csv"`, `"parquet"`, or the layout of a published data set:
            `"polyvore-u"`, `"difashion"`, `"pog"`, `"iqon3000"` or
            `"polyvore-outfits"`, see the reader of that name in
            `fndrec.data`. By default the layout is detected; Parquet takes
            precedence over CSV.
        **options: Further arguments of the layout's reader.

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
    """Reads the evaluation candidates that a data set comes with.

    | layout | names |
    | --- | --- |
    | `csv`, `parquet` | `fitb_*`, also `negatives_*` and `hard_*` |
    | `polyvore-u` | `negatives_*`, `hard_*`, `fitb_test` |
    | `difashion` | `fitb_valid`, `fitb_test` |
    | `polyvore-outfits` | `negatives_*`, `fitb_*` |

    where `*` is train, valid or test. Among tables, `fitb_valid.csv` (or
    `.parquet`) has the columns user_id, item_ids, blank (the true item) and
    wrong_ids; `negatives_valid.parquet` has user_id, item_ids and negatives,
    a list of outfits.

    Args:
        folder: The folder of the data set.
        data: The data set read from that folder. It may lack some of the
            users and items, as ids are looked up in it.
        on_error: "raise" or "drop": how to treat a question with a user or
            an item that `data` lacks.
        format: As in `load_data`.
        **options: Options of the layout's reader that select files or
            permit reading them: `variant`, `allow_pickle`.

    Returns:
        The candidates by name; empty if there are no such files.

    Raises:
        DataError: If a file cannot be used. The message names file and row.

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
