"""The files of a data set, as distributed with DiFashion."""

from __future__ import annotations

import itertools
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
    """Likes of one file, one per position.

    Args:
        user: Id of the user of each like.
        outfit: Id of each liked outfit.
        items: Items of each outfit.
        category: Categories of those items.
    """

    user: list[int]
    outfit: list[int]
    items: list[list[int]]
    category: list[list[int]]


def load_liked(path: Path, allow_pickle: bool) -> Liked:
    """Reads `train.npy` or a file of the same form.

    The lists have one entry per outfit, as in the distributed files, or one
    entry per user with a list of outfits, as in DiFashion's README.

    Raises:
        DataError: If the file is missing or malformed.
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
                    f"{place}: as many outfits in oids as in outfits and "
                    "category were expected. "
                    f"Received: {[len(entry) for entry in lists]}"
                )
        users = [
            user
            for user, user_outfits in zip(users, outfits, strict=True)
            for _ in user_outfits
        ]
        outfits, items, categories = (
            list(itertools.chain.from_iterable(column))
            for column in (outfits, items, categories)
        )
    liked = Liked([], [], [], [])
    for row, (user, outfit, outfit_items, item_categories) in enumerate(
        zip(users, outfits, items, categories, strict=True)
    ):
        place = f"{path}, row {row + 1}"
        liked.user.append(whole(user, f"{place}: `uids`"))
        liked.outfit.append(whole(outfit, f"{place}: `oids`"))
        liked.items.append(
            [
                whole(item, f"{place}: `outfits`")
                for item in _list(outfit_items, place)
            ]
        )
        liked.category.append(
            [
                whole(category, f"{place}: `category`")
                for category in _list(item_categories, place)
            ]
        )
        if len(liked.items[-1]) != len(liked.category[-1]):
            raise DataError(
                f"{place}: one category per item was expected. Received: "
                f"{len(liked.items[-1])} items, "
                f"{len(liked.category[-1])} categories"
            )
    return liked


def load_names(
    folder: Path, names: Sequence[str], allow_pickle: bool
) -> tuple[Path, dict[int, Any]] | None:
    """Reads the first file that exists: a dictionary with integer keys.

    Args:
        folder: The folder of the files.
        names: Names of the files to try.
        allow_pickle: As in `load_object`.

    Returns:
        The path and the dictionary, None if no file exists.

    Raises:
        DataError: If the file does not hold such a dictionary.
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
    """Returns `value` as a non-negative integer.

    Args:
        value: The value.
        what: What it is, for the message.

    Raises:
        DataError: If it is not a non-negative integer.
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
