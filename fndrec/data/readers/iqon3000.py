"""IQON3000: a tree of folders with one JSON file per outfit."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.build import build, check_arguments
from fndrec.data.readers.checks.source import Source, SourceTable, check_folder
from fndrec.data.readers.formats.json_files import load_json, text_id
from fndrec.data.readers.formats.split_likes import split_likes
from fndrec.errors import DataError

logger = logging.getLogger("fndrec.data")

# Names of the photos by size; the published set has the first.
_PHOTOS = ("{}_m.jpg", "{}_l.jpg", "{}.jpg", "{}_s.jpg")
_CATEGORY = "category x color"
_CROSS = "\u00d7"  # as in "\u30b3\u30fc\u30c8 \u00d7 \u30ec\u30c3\u30c9"
_UNKNOWN = "unknown"


def read_iqon3000(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 8,
    *,
    valid: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
) -> OutfitData:
    """Reads IQON3000.

    ```text
    IQON3000/
      USER/
        OUTFIT/
          OUTFIT.json      one outfit
          ITEM_m.jpg       the photos of its items (or _l, _s)
    ```

    The file of an outfit holds `setId`, `user` and `items`. Each item has
    `itemId` and `category x color`, such as `トップス × ホワイト系`; the part
    before the cross is the category. `user` and `setId` have to match the
    folders. Other keys are ignored. Each outfit describes its items anew; the
    category and the photo are taken from the first outfit, in order of the
    folders' names. Items without a category get the category `unknown`. If
    there are any photos, each item needs one.

    Args:
        folder: The folder of the users' folders.
        on_error: As in `read_csv`. Some files of the published set hold no
            outfit; "drop" drops them.
        max_slots: As in `read_csv`.
        valid: Share of each user's outfits for valid, rounded down. There is
            no published split.
        test: As `valid`, for test.
        seed: Seed of the split.

    Returns:
        The data set.

    Raises:
        DataError: If a file holds no outfit, its user does not match the
            folder, a photo is missing, or as in `read_csv`.

    Example:

    >>> data = fndrec.data.read_iqon3000(
    ...     "IQON3000", on_error="drop", max_slots=16)

    Reference: Song, Han, Li, Chen, Xu, Nie 2019, GP-BPR: Personalized
    Compatibility Modeling for Clothing Matching, ACM Multimedia;
    https://github.com/hanxjing/GP-BPR. `iqon-3000` of
    https://github.com/lzcn/outfit-datasets describes the tree and the keys.
    """
    check_arguments(on_error, max_slots)
    root = Path(folder)
    check_folder(root)
    users: list[str] = []
    outfits: list[str] = []
    item_lists: list[list[str]] = []
    files: list[Path] = []
    # Category, photo and file of each item.
    items: dict[str, tuple[str, str | None, Path]] = {}
    dropped: list[str] = []
    for user, outfit, path in _outfit_files(root):
        try:
            outfit_items = _outfit(path, user, outfit)
        except DataError as error:
            if on_error == "raise":
                raise
            dropped.append(str(error))
            continue
        names = _names(path.parent)
        for item, category in outfit_items:
            earlier = items.get(item)
            if earlier is None or earlier[1] is None:
                photo = _photo(item, path.parent, names, root)
                items[item] = (earlier[0] if earlier else category, photo, path)
        users.append(user)
        outfits.append(outfit)
        item_lists.append([item for item, _ in outfit_items])
        files.append(path)
    if dropped:
        logger.warning(
            "%s: dropped %d outfits whose file cannot be used: %s%s",
            root,
            len(dropped),
            "; ".join(dropped[:10]),
            "; ..." if len(dropped) > 10 else "",
        )
    if not users:
        raise DataError(
            f"{root}: folders USER/OUTFIT with a file OUTFIT.json each were "
            "expected. Received: none that can be used"
        )
    photos = any(photo is not None for _, photo, _ in items.values())
    user_rows = np.unique(np.array(users), return_inverse=True)[1]
    splits = split_likes(user_rows, valid, test, seed)
    return build(
        Source(
            name=root.resolve().name,
            items=_items(items, photos),
            outfits=SourceTable(
                str(root),
                {
                    "outfit_id": pa.array(outfits, pa.string()),
                    "item_ids": pa.array(item_lists, pa.list_(pa.string())),
                },
                _place_in(files),
            ),
            likes={
                split: SourceTable(
                    str(root),
                    {
                        "user_id": pa.array(users).take(pa.array(rows)),
                        "outfit_id": pa.array(outfits).take(pa.array(rows)),
                    },
                    _place_in([files[row] for row in rows]),
                )
                for split, rows in splits.items()
            },
            photo_root=root if photos else None,
        ),
        on_error,
        max_slots,
    )


def _outfit_files(root: Path) -> Iterator[tuple[str, str, Path]]:
    """Yields users, outfits and their files, in order of their names."""
    for user in _folders(root):
        for outfit in _folders(root / user):
            yield user, outfit, root / user / outfit / f"{outfit}.json"


def _folders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".")
            # Links could lead out of the tree.
            and entry.is_dir(follow_symlinks=False)
        )


def _outfit(path: Path, user: str, outfit: str) -> list[tuple[str, str]]:
    """Returns the items in an outfit's file, with their categories."""
    # Some copies of the set are in Shift JIS.
    content = load_json(path, ("utf-8-sig", "cp932"))
    if not isinstance(content, dict) or not isinstance(
        content.get("items"), list
    ):
        raise DataError(
            f"{path}: an object with setId, user and a list `items` was "
            f"expected. Received: {_shown(content)}"
        )
    for key, expected in (("user", user), ("setId", outfit)):
        if text_id(content.get(key)) != expected:
            raise DataError(
                f"{path}: `{key}` should be {expected!r}, the name of the "
                f"folder. Received: {key}={content.get(key)!r}"
            )
    items = []
    for number, item in enumerate(content["items"], 1):
        name = text_id(item.get("itemId")) if isinstance(item, dict) else None
        if not name or not name.strip():
            raise DataError(
                f"{path}, item {number}: an object with `itemId` was "
                f"expected. Received: {_shown(item)}"
            )
        category = item.get(_CATEGORY)
        if not isinstance(category, str):
            category = ""
        items.append((name, category.split(_CROSS)[0].strip() or _UNKNOWN))
    return items


def _place_in(files: list[Path]) -> Callable[[int], str]:
    return lambda row: str(files[row])


def _names(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def _photo(item: str, folder: Path, names: set[str], root: Path) -> str | None:
    """Returns the path of an item's photo relative to the root, if any."""
    for pattern in _PHOTOS:
        name = pattern.format(item)
        if name in names:
            return (folder.relative_to(root) / name).as_posix()
    return None


def _items(
    items: dict[str, tuple[str, str | None, Path]], photos: bool
) -> SourceTable:
    paths = [path for _, _, path in items.values()]
    columns = {
        "item_id": pa.array(list(items), pa.string()),
        "category": pa.array([kind for kind, _, _ in items.values()]),
    }
    if photos:
        columns["image"] = pa.array(
            [
                # The missing photo's name, for the message.
                photo or f"{path.parent.parent.name}/{path.stem}/{item}_m.jpg"
                for item, (_, photo, path) in items.items()
            ]
        )
    return SourceTable("the items", columns, _place_in(paths))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"keys {list(value)[:10]}"
    return str(value)[:100]
