"""The layout of DiFashion: Polyvore-U and iFashion with four items."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.build import build, check_arguments
from fndrec.data.readers.checks.features import load_features
from fndrec.data.readers.checks.object_array import load_object
from fndrec.data.readers.checks.source import (
    Source,
    SourceTable,
    check_folder,
    known_splits,
)
from fndrec.data.readers.difashion.files import (
    SPLIT_FILES,
    Liked,
    load_liked,
    load_names,
    whole,
)
from fndrec.errors import DataError

CATEGORY_OF_ITEM = ("map/iid_cate_dict.npy", "map/mapped_iid_cate_dict.npy")
CATEGORY_NAMES = ("id_cate_dict.npy", "new_id_cate_dict.npy")
PHOTOS = "all_item_image_paths.npy"
FEATURES = "cnn_features_clip.npy"


def read_difashion(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 8,
    splits: Sequence[str] | None = None,
    *,
    allow_pickle: bool = False,
    photos: str | os.PathLike[str] | None = None,
) -> OutfitData:
    """Reads a set as YiyanXu/DiFashion distributes it.

    ```text
    train.npy                    {"uids": [...], "oids": [...],
    valid_grd_dict.npy             "outfits": [[item, ...], ...],
    test_grd_dict.npy              "category": [[category, ...], ...]}
    id_cate_dict.npy             {category: name} (or new_id_cate_dict.npy)
    map/iid_cate_dict.npy        {item: category} (or mapped_iid_cate_dict.npy)
    fitb_valid_retrieval_candidates.npy   {user: {outfit: [item, ...]}}, the
    fitb_test_retrieval_candidates.npy      true item first, see `read_fixed`
    all_item_image_paths.npy     names of the photos in the order of the items
    cnn_features_clip.npy        features in the order of the items
    ```

    The last five files are not required. Items are numbered from 1; item 0
    stands for a blank and is no item. The dictionaries are pickled, which
    `allow_pickle` has to allow: unpickling can run any code that the author of
    the file put there. What is unpickled even then is dictionaries, lists,
    numbers, strings and arrays alone.

    Args:
        folder: The folder of the files, such as `datasets/polyvore`.
        on_error: As in `read_csv`.
        max_slots: As in `read_csv`.
        splits: Which of train, valid and test, train among them; by default
            those that are there.
        allow_pickle: That the files come from a place you trust.
        photos: Folder of the photos that `all_item_image_paths.npy` names.

    Returns:
        The data.

    Raises:
        DataError: If `allow_pickle` is false, a file is missing or has
            another form, an item is out of range, or as in
            `read_csv`.

    Example:

    >>> data = fndrec.data.read_difashion(
    ...     "datasets/polyvore", allow_pickle=True)

    Reference: Xu et al. 2024, Diffusion Models for Generative Outfit
    Recommendation, SIGIR; README.md of https://github.com/YiyanXu/DiFashion.
    """
    check_arguments(on_error, max_slots)
    root = Path(folder)
    check_folder(root)
    present = known_splits(splits, lambda split: root / SPLIT_FILES[split])
    liked = {
        split: load_liked(root / SPLIT_FILES[split], allow_pickle)
        for split in present
    }
    features = None
    if (root / FEATURES).is_file():
        features = load_features(root / FEATURES)
        _check_range(root, liked, len(features), FEATURES)
    paths = None
    if photos is not None:
        paths = np.ravel(load_object(root / PHOTOS, allow_pickle))
        _check_range(root, liked, len(paths), PHOTOS)
    category = _categories(root, liked, allow_pickle)
    if features is not None or paths is not None:
        # The map may name items of which there is nothing.
        size = min(len(x) for x in (features, paths) if x is not None)
        category = {i: kind for i, kind in category.items() if i < size}
    items = sorted(category)
    columns = {
        "item_id": pa.array([str(item) for item in items], pa.string()),
        "category": _named(root, items, category, allow_pickle),
    }
    if paths is not None:
        names = [str(paths[item]) for item in items]
        columns["image"] = pa.array(names, pa.string())
    return build(
        Source(
            name=root.resolve().name,
            items=SourceTable(
                f"the items of {root}",
                columns,
                len(items),
                lambda row: f"{root}, item {items[row]}",
            ),
            outfits=_outfits(root, liked),
            likes={
                split: SourceTable(
                    str(root / SPLIT_FILES[split]),
                    {
                        "user_id": pa.array(map(str, found.user), pa.string()),
                        "outfit_id": pa.array(
                            map(str, found.outfit), pa.string()
                        ),
                    },
                    len(found.user),
                )
                for split, found in liked.items()
            },
            photo_root=None if photos is None else Path(photos),
            features=None if features is None else features[items],
            features_source=str(root / FEATURES),
        ),
        on_error,
        max_slots,
    )


def _categories(
    root: Path, liked: dict[str, Liked], allow_pickle: bool
) -> dict[int, int]:
    """The category of each item, as the files of likes have it first."""
    category: dict[int, int] = {}
    for found in liked.values():
        for items, kinds in zip(found.items, found.category, strict=True):
            for item, kind in zip(items, kinds, strict=True):
                category.setdefault(item, kind)
    known = load_names(root, CATEGORY_OF_ITEM, allow_pickle)
    if known is not None:
        path, table = known
        for item, kind in table.items():
            category.setdefault(item, whole(kind, f"{path}: item {item}"))
    category.pop(0, None)
    return category


def _check_range(
    root: Path, liked: dict[str, Liked], size: int, because: str
) -> None:
    """Checks that all items are among those that a file has rows of."""
    for split, found in liked.items():
        for row, items in enumerate(found.items):
            if max(items, default=0) >= size:
                raise DataError(
                    f"{root / SPLIT_FILES[split]}, row {row + 1}: `outfits` "
                    f"should hold items from 1 to {size - 1}, as {because} "
                    f"has {size} rows. Received: {max(items)}"
                )


def _named(
    root: Path, items: list[int], category: dict[int, int], allow_pickle: bool
) -> pa.StringArray:
    names = load_names(root, CATEGORY_NAMES, allow_pickle)
    if names is None:
        return pa.array([str(category[item]) for item in items], pa.string())
    path, table = names
    for item in items:
        if category[item] not in table:
            raise DataError(
                f"{path}: a name of category {category[item]} (item {item}) "
                f"was expected. Received: names of {len(table)} others"
            )
    return pa.array([str(table[category[item]]) for item in items], pa.string())


def _outfits(root: Path, liked: dict[str, Liked]) -> SourceTable:
    ids: list[str] = []
    lists: list[list[str]] = []
    places: list[str] = []
    for split, found in liked.items():
        path = root / SPLIT_FILES[split]
        for row, (outfit, items) in enumerate(
            zip(found.outfit, found.items, strict=True)
        ):
            ids.append(str(outfit))
            lists.append([str(item) for item in items])
            places.append(f"{path}, row {row + 1}")
    return SourceTable(
        "the outfits",
        {
            "outfit_id": pa.array(ids, pa.string()),
            "item_ids": pa.array(lists, pa.list_(pa.string())),
        },
        len(ids),
        places.__getitem__,
    )
