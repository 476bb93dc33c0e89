"""The reader of DiFashion's layout: Polyvore-U and iFashion, four items."""

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
    """Reads a data set in the layout of YiyanXu/DiFashion.

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

    The last five files are optional. Items are numbered from 1; item 0 stands
    for a blank. The dictionaries are pickled, and unpickling can run any code
    that the author of a file put there, so `allow_pickle` has to permit it.
    Even then, only dictionaries, lists, numbers, strings and arrays are
    unpickled.

    Args:
        folder: The folder of the files, such as `datasets/polyvore`.
        on_error: As in `read_csv`.
        max_slots: As in `read_csv`.
        splits: Which of train, valid and test to read, including train. By
            default those that exist.
        allow_pickle: Whether to unpickle the files. Use it only for files
            from a source you trust.
        photos: Folder of the photos that `all_item_image_paths.npy` names.

    Returns:
        The data set.

    Raises:
        DataError: If `allow_pickle` is false, a file is missing or malformed,
            an item is out of range, or as in `read_csv`.

    Example:

    >>> data = fndrec.data.read_difashion(
    ...     "datasets/polyvore", allow_pickle=True)

    Reference: Xu et al. 2024, Diffusion Models for Generative Outfit
    Recommendation, SIGIR; README.md of https://github.com/YiyanXu/DiFashion.
    """
    check_arguments(on_error, max_slots)
    root = Path(folder)
    check_folder(root)
    names = known_splits(splits, lambda split: root / SPLIT_FILES[split])
    liked = {
        split: load_liked(root / SPLIT_FILES[split], allow_pickle)
        for split in names
    }
    features = None
    if (root / FEATURES).is_file():
        features = load_features(root / FEATURES)
        _check_range(root, liked, len(features), FEATURES)
    paths = None
    if photos is not None:
        paths = np.ravel(load_object(root / PHOTOS, allow_pickle))
        _check_range(root, liked, len(paths), PHOTOS)
    categories = _categories(root, liked, allow_pickle)
    if features is not None or paths is not None:
        # The map may name items without features or photos.
        size = min(len(x) for x in (features, paths) if x is not None)
        categories = {
            item: category
            for item, category in categories.items()
            if item < size
        }
    items = sorted(categories)
    columns = {
        "item_id": pa.array([str(item) for item in items], pa.string()),
        "category": _category_names(root, items, categories, allow_pickle),
    }
    if paths is not None:
        columns["image"] = pa.array(
            [str(paths[item]) for item in items], pa.string()
        )
    return build(
        Source(
            name=root.resolve().name,
            items=SourceTable(
                f"the items of {root}",
                columns,
                lambda row: f"{root}, item {items[row]}",
            ),
            outfits=_outfits(root, liked),
            likes={
                split: SourceTable(
                    str(root / SPLIT_FILES[split]),
                    {
                        "user_id": pa.array(map(str, likes.user), pa.string()),
                        "outfit_id": pa.array(
                            map(str, likes.outfit), pa.string()
                        ),
                    },
                )
                for split, likes in liked.items()
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
    """Returns the category of each item; the files of likes come first."""
    categories: dict[int, int] = {}
    for likes in liked.values():
        for outfit in zip(likes.items, likes.category, strict=True):
            for item, category in zip(*outfit, strict=True):
                categories.setdefault(item, category)
    loaded = load_names(root, CATEGORY_OF_ITEM, allow_pickle)
    if loaded is not None:
        path, table = loaded
        for item, category in table.items():
            categories.setdefault(item, whole(category, f"{path}: item {item}"))
    categories.pop(0, None)
    return categories


def _check_range(
    root: Path, liked: dict[str, Liked], size: int, name: str
) -> None:
    """Checks that the file `name`, of `size` rows, has rows for all items."""
    for split, likes in liked.items():
        for row, items in enumerate(likes.items):
            if max(items, default=0) >= size:
                raise DataError(
                    f"{root / SPLIT_FILES[split]}, row {row + 1}: `outfits` "
                    f"should hold items from 1 to {size - 1}, as {name} "
                    f"has {size} rows. Received: {max(items)}"
                )


def _category_names(
    root: Path, items: list[int], categories: dict[int, int], allow_pickle: bool
) -> pa.StringArray:
    loaded = load_names(root, CATEGORY_NAMES, allow_pickle)
    if loaded is None:
        return pa.array([str(categories[item]) for item in items], pa.string())
    path, names = loaded
    for item in items:
        if categories[item] not in names:
            raise DataError(
                f"{path}: a name of category {categories[item]} (item {item}) "
                f"was expected. Received: names of {len(names)} others"
            )
    return pa.array(
        [str(names[categories[item]]) for item in items], pa.string()
    )


def _outfits(root: Path, liked: dict[str, Liked]) -> SourceTable:
    ids: list[str] = []
    lists: list[list[str]] = []
    places: list[str] = []
    for split, likes in liked.items():
        path = root / SPLIT_FILES[split]
        for row, (outfit, items) in enumerate(
            zip(likes.outfit, likes.items, strict=True)
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
        places.__getitem__,
    )
