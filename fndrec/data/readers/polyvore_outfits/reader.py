"""The reader of Polyvore Outfits, the data set of Vasileva et al."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.build import build, check_arguments
from fndrec.data.readers.checks.source import Source, SourceTable, known_splits
from fndrec.data.readers.polyvore_outfits.files import (
    SPLIT_FILES,
    USER,
    PolyvoreOutfitsFiles,
)
from fndrec.errors import DataError


def read_polyvore_outfits(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 19,
    splits: Sequence[str] | None = None,
    *,
    variant: str | None = None,
    photos: str | os.PathLike[str] | None = None,
) -> OutfitData:
    """Reads Polyvore Outfits, which has no users.

    ```text
    polyvore_outfits/
      polyvore_item_metadata.json  {item: {"semantic_category": ..., ...}}
      nondisjoint/                 or disjoint: no item in two splits
        train.json                 [{"set_id": ..., "items":
        valid.json                   [{"item_id": ..., "index": 1}, ...]}, ...]
        test.json
        compatibility_test.txt     1 or 0, then SET_INDEX SET_INDEX ...; and
        fill_in_blank_test.json      the same for train and valid, see
      images/ITEM.jpg                `read_fixed`
    ```

    All outfits are read as likes of one user, `anonymous`, so a model learns
    which outfits are compatible. `typespaces.p`, a pickle, is ignored.

    Args:
        folder: The folder `polyvore_outfits`, or a variant's folder in it.
        on_error: As in `read_csv`.
        max_slots: As in `read_csv`. The longest outfit has 19 items.
        splits: Which of train, valid and test to read, including train. By
            default those that exist.
        variant: "nondisjoint" (default) or "disjoint".
        photos: Folder of the photos. By default `images` if it exists.

    Returns:
        The data set, with the items of its outfits.

    Raises:
        DataError: If a file is missing or malformed, an item has no metadata,
            or as in `read_csv`.

    Example:

    >>> data = fndrec.data.read_polyvore_outfits(
    ...     "polyvore_outfits", variant="disjoint")

    Reference: Vasileva et al. 2018, Learning Type-Aware Embeddings for
    Fashion Compatibility, ECCV; https://github.com/mvasil/fashion-compatibility
    and huggingface.co/datasets/mvasil/polyvore-outfits.
    """
    check_arguments(on_error, max_slots)
    files = PolyvoreOutfitsFiles(Path(folder), variant)
    names = known_splits(
        splits, lambda split: files.folder / SPLIT_FILES[split]
    )
    outfits_by_split = {split: files.outfits(split) for split in names}
    # The first place that names an item, in order of the splits.
    first_places: dict[str, str] = {}
    places: list[str] = []
    for split, outfits in outfits_by_split.items():
        for row, (_, items) in enumerate(outfits, 1):
            place = f"{files.folder / SPLIT_FILES[split]}, row {row}"
            places.append(place)
            for item, _ in items:
                first_places.setdefault(item, place)
    root = files.root / "images" if photos is None else Path(photos)
    with_photos = photos is not None or root.is_dir()
    all_outfits = list(itertools.chain.from_iterable(outfits_by_split.values()))
    return build(
        Source(
            name=files.folder.resolve().name,
            items=_items(files, first_places, with_photos),
            outfits=SourceTable(
                str(files.folder),
                {
                    "outfit_id": pa.array([name for name, _ in all_outfits]),
                    "item_ids": pa.array(
                        [
                            [item for item, _ in items]
                            for _, items in all_outfits
                        ],
                        pa.list_(pa.string()),
                    ),
                },
                places.__getitem__,
            ),
            likes={
                split: SourceTable(
                    str(files.folder / SPLIT_FILES[split]),
                    {
                        "user_id": pa.array([USER] * len(outfits), pa.string()),
                        "outfit_id": pa.array(
                            [name for name, _ in outfits], pa.string()
                        ),
                    },
                )
                for split, outfits in outfits_by_split.items()
            },
            photo_root=root if with_photos else None,
        ),
        on_error,
        max_slots,
    )


def _items(
    files: PolyvoreOutfitsFiles, places: dict[str, str], photos: bool
) -> SourceTable:
    metadata = files.metadata()
    categories = []
    for item, place in places.items():
        entry = metadata.get(item)
        category = (
            entry.get("semantic_category") if isinstance(entry, dict) else None
        )
        if not isinstance(category, str):
            raise DataError(
                f"{place}: items with a `semantic_category` in "
                "polyvore_item_metadata.json were expected. "
                f"Received: item_id={item!r}"
            )
        categories.append(category)
    columns = {
        "item_id": pa.array(list(places), pa.string()),
        "category": pa.array(categories, pa.string()),
    }
    if photos:
        columns["image"] = pa.array(
            [f"{item}.jpg" for item in places], pa.string()
        )
    return SourceTable(
        "polyvore_item_metadata.json",
        columns,
        list(places.values()).__getitem__,
    )
