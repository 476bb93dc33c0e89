"""The layouts of data sets that are known, and which one a folder has."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.readers.csv_tables import read_csv
from fndrec.data.readers.difashion import read_difashion
from fndrec.data.readers.difashion_fixed import read_difashion_fixed
from fndrec.data.readers.iqon3000 import read_iqon3000
from fndrec.data.readers.parquet import read_parquet
from fndrec.data.readers.pog import read_pog
from fndrec.data.readers.polyvore_outfits import read_polyvore_outfits
from fndrec.data.readers.polyvore_outfits_fixed import (
    read_polyvore_outfits_fixed,
)
from fndrec.data.readers.polyvore_u import read_polyvore_u
from fndrec.data.readers.polyvore_u_fixed import read_polyvore_u_fixed
from fndrec.data.readers.source import check_folder
from fndrec.data.readers.table_fixed import read_table_fixed
from fndrec.data.tables import OnError, OutfitData
from fndrec.errors import DataError

AUTO = "auto"


@dataclass(frozen=True)
class Layout:
    """A layout of files.

    Args:
        expects: What its folder holds, in words.
        found: Whether a folder seems to have it.
        read: Its reader.
        fixed: The reader of the candidates it comes with, if it can have any.
    """

    expects: str
    found: Callable[[Path], bool]
    read: Callable[..., OutfitData]
    fixed: Callable[..., dict[str, FixedCandidates]] | None = None


def _any_of(*names: str) -> Callable[[Path], bool]:
    return lambda folder: any((folder / name).exists() for name in names)


def _polyvore_u(folder: Path) -> bool:
    return any(folder.glob("tuples_train_posi")) or any(
        path.is_dir() for path in folder.glob("tuples_*")
    )


def _iqon3000(folder: Path) -> bool:
    # The first users are enough: there are thousands.
    for user in islice((e for e in os.scandir(folder) if e.is_dir()), 20):
        for outfit in islice(os.scandir(user), 20):
            if Path(outfit, f"{outfit.name}.json").is_file():
                return True
    return False


# The first that is found is taken.
LAYOUTS: dict[str, Layout] = {
    "parquet": Layout(
        "items.parquet, outfits.parquet, train.parquet",
        _any_of("items.parquet"),
        read_parquet,
        read_table_fixed,
    ),
    "csv": Layout(
        "items.csv, outfits.csv, train.csv",
        _any_of("items.csv", "outfits.csv", "train.csv"),
        read_csv,
        read_table_fixed,
    ),
    "polyvore-u": Layout(
        "tuples_630 (519, 53, 32) with tuples_train_posi, image_list_top",
        _polyvore_u,
        read_polyvore_u,
        read_polyvore_u_fixed,
    ),
    "difashion": Layout(
        "train.npy, valid_grd_dict.npy, id_cate_dict.npy",
        _any_of("train.npy"),
        read_difashion,
        read_difashion_fixed,
    ),
    "pog": Layout(
        "outfit_data.txt, user_data.txt, item_data.txt",
        _any_of("outfit_data.txt", "user_data.txt", "item_data.txt"),
        read_pog,
    ),
    "polyvore-outfits": Layout(
        "polyvore_item_metadata.json, nondisjoint/train.json",
        _any_of("polyvore_item_metadata.json", "nondisjoint", "disjoint"),
        read_polyvore_outfits,
        read_polyvore_outfits_fixed,
    ),
    "iqon3000": Layout(
        "USER/OUTFIT/OUTFIT.json for every outfit",
        _iqon3000,
        read_iqon3000,
    ),
}


def layout_of(folder: Path, name: str = AUTO) -> str:
    """Returns the name of the layout of a folder.

    Args:
        folder: The folder.
        name: A name in `LAYOUTS`, or "auto" to look.

    Raises:
        DataError: If there is no such name, or the folder has no known
            layout.
    """
    if name != AUTO and name not in LAYOUTS:
        raise DataError(
            f"`format` should be one of {[AUTO, *LAYOUTS]}. "
            f"Received: format={name!r}"
        )
    check_folder(folder)
    if name != AUTO:
        return name
    for found, layout in LAYOUTS.items():
        if layout.found(folder):
            return found
    there = sorted(islice((entry.name for entry in os.scandir(folder)), 20))
    expected = "; ".join(f"{n}: {x.expects}" for n, x in LAYOUTS.items())
    raise DataError(
        f"{folder}: a data set in a known layout was expected ({expected}). "
        f"Received: a folder with {', '.join(there) or 'nothing'}"
    )


def read_folder(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int | None = None,
    splits: Sequence[str] | None = None,
    format: str = AUTO,
    **options: Any,
) -> OutfitData:
    """Reads a folder of any known layout: see `OutfitData.load`."""
    name = layout_of(Path(folder), format)
    read = LAYOUTS[name].read
    if max_slots is not None:
        options["max_slots"] = max_slots
    if splits is not None:
        options["splits"] = splits
    _check_options(read, name, options)
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
        format: As in `OutfitData.load`.
        **options: The options of the reader of that layout that say where
            and how its files are read: `variant`, `allow_pickle`.

    Returns:
        The candidates by name; none if there are no such files.

    Raises:
        DataError: If a file cannot be used; the message names file and row.

    Example:

    >>> data = fndrec.OutfitData.load("shop")
    >>> fndrec.data.read_fixed("shop", data)["fitb_valid"].outfits.shape
    (2400, 4, 5)
    """
    name = layout_of(Path(folder), format)
    read = LAYOUTS[name].fixed
    if read is None:
        return {}
    _check_options(read, name, options)
    return read(folder, data, on_error=on_error, **options)


def _check_options(
    read: Callable[..., Any], name: str, options: dict[str, Any]
) -> None:
    known = list(inspect.signature(read).parameters)
    for option in options:
        if option not in known:
            raise DataError(
                f"Options of the layout {name!r} should be some of "
                f"{known[1:]}. Received: {option}={options[option]!r}"
            )
