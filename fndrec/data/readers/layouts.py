"""The known layouts of data sets, and their detection."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from fndrec.checks import one_of
from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.outfit_data import OutfitData
from fndrec.data.readers.checks.source import check_folder
from fndrec.data.readers.difashion.fixed import read_difashion_fixed
from fndrec.data.readers.difashion.reader import read_difashion
from fndrec.data.readers.iqon3000 import read_iqon3000
from fndrec.data.readers.pog import read_pog
from fndrec.data.readers.polyvore_outfits.fixed import (
    read_polyvore_outfits_fixed,
)
from fndrec.data.readers.polyvore_outfits.reader import read_polyvore_outfits
from fndrec.data.readers.polyvore_u.fixed import read_polyvore_u_fixed
from fndrec.data.readers.polyvore_u.reader import read_polyvore_u
from fndrec.data.readers.tables.csv import read_csv
from fndrec.data.readers.tables.fixed import read_table_fixed
from fndrec.data.readers.tables.parquet import read_parquet
from fndrec.errors import DataError

AUTO = "auto"


@dataclass(frozen=True)
class Layout:
    """A layout of the files of a data set.

    Args:
        expects: The files of its folder, in words.
        matches: Returns whether a folder seems to have the layout.
        read: Reader of the data set.
        fixed: Reader of the fixed candidates, if the layout can have any.
    """

    expects: str
    matches: Callable[[Path], bool]
    read: Callable[..., OutfitData]
    fixed: Callable[..., dict[str, FixedCandidates]] | None = None


def _any_of(*names: str) -> Callable[[Path], bool]:
    return lambda folder: any((folder / name).exists() for name in names)


def _polyvore_u(folder: Path) -> bool:
    return any(folder.glob("tuples_train_posi")) or any(
        path.is_dir() for path in folder.glob("tuples_*")
    )


def _iqon3000(folder: Path) -> bool:
    # There are thousands of users; the first ones are enough.
    for user in islice((e for e in os.scandir(folder) if e.is_dir()), 20):
        for outfit in islice(os.scandir(user), 20):
            if Path(outfit, f"{outfit.name}.json").is_file():
                return True
    return False


# The first layout that matches is used.
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
        name: A name in `LAYOUTS`, or "auto" to detect the layout.

    Raises:
        DataError: If there is no such name, or the folder has no known
            layout.
    """
    one_of("format", name, (AUTO, *LAYOUTS))
    check_folder(folder)
    if name != AUTO:
        return name
    for key, layout in LAYOUTS.items():
        if layout.matches(folder):
            return key
    names = sorted(islice((entry.name for entry in os.scandir(folder)), 20))
    expected = "; ".join(
        f"{key}: {layout.expects}" for key, layout in LAYOUTS.items()
    )
    raise DataError(
        f"{folder}: a data set in a known layout was expected ({expected}). "
        f"Received: a folder with {', '.join(names) or 'nothing'}"
    )


def check_options(
    read: Callable[..., Any], name: str, options: dict[str, Any]
) -> None:
    known = list(inspect.signature(read).parameters)
    for option in options:
        if option not in known:
            raise DataError(
                f"Options of the layout {name!r} should be some of "
                f"{known[1:]}. Received: {option}={options[option]!r}"
            )
