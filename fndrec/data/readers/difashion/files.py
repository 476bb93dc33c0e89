"""The files of a set as DiFashion distributes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fndrec.data.readers.checks.object_array import load_object
from fndrec.errors import DataError

SPLIT_FILES = {
    "train": "train.npy",
    "valid": "valid_grd_dict.npy",
    "test": "test_grd_dict.npy",
}
_KEYS = ("uids", "oids", "outfits", "category")


@dataclass(frozen=True)
class Liked:
    """Liked outfits of one file, one a position.

    Args:
        user: Users' ids.
        outfit: Outfits' ids.
        items: Items of each outfit.
        category: Categories of those items.
    """

    user: list[int]
    outfit: list[int]
    items: list[list[int]]
    category: list[list[int]]


def load_liked(path: Path, allow_pickle: bool) -> Liked:
    """Reads `train.npy` or a file of its form.

    The lists hold an entry an outfit, as in the files that are distributed,
    or an entry a user with a list of outfits, as the project's README has it.

    Raises:
        DataError: If the file is none of that form.
    """
    table = load_object(path, allow_pickle)
    if not isinstance(table, Mapping) or any(k not in table for k in _KEYS):
        received = (
            f"keys {list(table)[:10]}"
            if isinstance(table, Mapping)
            else type(table).__name__
        )
        raise DataError(
            f"{path}: a dictionary with {', '.join(_KEYS)} was expected. "
            f"Received: {received}"
        )
    columns = [_list(table[key], f"{path}: `{key}`") for key in _KEYS]
    sizes = [len(column) for column in columns]
    if len(set(sizes)) > 1:
        raise DataError(
            f"{path}: {', '.join(_KEYS)} should have the same length. "
            f"Received: {sizes}"
        )
    users, outfits, items, categories = columns
    if outfits and isinstance(outfits[0], Sequence | np.ndarray):
        places = [f"{path}, user {row + 1}" for row in range(len(users))]
        for place, *lists in zip(places, *columns[1:], strict=True):
            if len({len(_list(entry, place)) for entry in lists}) > 1:
                raise DataError(
                    f"{place}: as many outfits in oids, outfits and category "
                    f"were expected. Received: {[len(x) for x in lists]}"
                )
        users = [
            user
            for user, mine in zip(users, outfits, strict=True)
            for _ in mine
        ]
        outfits, items, categories = (
            [entry for mine in column for entry in mine]
            for column in (outfits, items, categories)
        )
    result = Liked([], [], [], [])
    for row, (user, outfit, these, kinds) in enumerate(
        zip(users, outfits, items, categories, strict=True)
    ):
        place = f"{path}, row {row + 1}"
        result.user.append(whole(user, f"{place}: `uids`"))
        result.outfit.append(whole(outfit, f"{place}: `oids`"))
        result.items.append(
            [whole(i, f"{place}: `outfits`") for i in _list(these, place)]
        )
        result.category.append(
            [whole(i, f"{place}: `category`") for i in _list(kinds, place)]
        )
        if len(result.items[-1]) != len(result.category[-1]):
            raise DataError(
                f"{place}: a category of each item was expected. Received: "
                f"{len(result.items[-1])} items, "
                f"{len(result.category[-1])} categories"
            )
    return result


def load_names(
    folder: Path, names: Sequence[str], allow_pickle: bool
) -> tuple[Path, dict[int, Any]] | None:
    """Reads the first of some files that is there: a value by number.

    Raises:
        DataError: If it is no such dictionary.
    """
    for name in names:
        path = folder / name
        if path.is_file():
            table = load_object(path, allow_pickle)
            if not isinstance(table, Mapping):
                raise DataError(
                    f"{path}: a dictionary was expected. "
                    f"Received: {type(table).__name__}"
                )
            return path, {
                whole(key, f"{path}: a key"): value
                for key, value in table.items()
            }
    return None


def whole(value: Any, what: str) -> int:
    """Returns a number that is not negative.

    Raises:
        DataError: If it is none.
    """
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DataError(
            f"{what} should be an integer, 0 or more. "
            f"Received: {str(value)[:100]!r}"
        )
    return value


def _list(value: Any, what: str) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        raise DataError(
            f"{what}: a list was expected. Received: {str(value)[:100]!r}"
        )
    return list(value)
