"""The reader of Polyvore-U, a data set of 630, 519, 53 or 32 users."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.photos.photo_files import is_lmdb
from fndrec.data.readers.checks.build import build, check_arguments
from fndrec.data.readers.checks.source import (
    Source,
    SourceTable,
    id_lists,
    known_splits,
    placed,
)
from fndrec.data.readers.formats.lmdb_features import load_lmdb_features
from fndrec.data.readers.polyvore_u.files import (
    CATEGORIES,
    TUPLES,
    PolyvoreUFiles,
    Tuples,
)


def read_polyvore_u(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 4,
    splits: Sequence[str] | None = None,
    *,
    variant: str | int | None = None,
    photos: str | os.PathLike[str] | None = None,
    features: str | os.PathLike[str] | None = None,
) -> OutfitData:
    """Reads Polyvore-U, as distributed with Fashion-Hash-Net.

    ```text
    polyvore/
      tuples_630/              or 519, 53, 32: the number of users
        image_list_top         names of image files, one per line;
        image_list_bottom        an index in a tuple is a line, from 0
        image_list_shoe
        tuples_train_posi      liked outfits, CSV: user,top,bottom,shoe
        tuples_val_posi          (630, 53) or user,top,top,bottom,shoe (519,
        tuples_test_posi         32), where -1 means no second top
        tuples_train_nega      negative outfits, see `read_fixed`
        tuples_train_nega_hard
        fill_in_blank_test
      images/291x291/          the photos,
      images/lmdb/             or an LMDB from image name to file
    ```

    The id of an item is its category and index (`top_17`), that of an outfit
    its indices (`17_3_29`), and that of a user its number.

    Args:
        folder: The folder `polyvore`, or the folder `tuples_*` in it.
        on_error: As in `read_csv`.
        max_slots: As in `read_csv`.
        splits: Which of train, valid and test to read, including train. By
            default those that exist.
        variant: "630", "519", "53" or "32", the folder `tuples_*` to read. It
            is required if there are several.
        photos: Folder or LMDB of the photos. By default `images/291x291`, or
            else `images/lmdb`, if it exists.
        features: LMDB of features as in LPAE-Net, from image name to the
            bytes of a float32 vector. By default `features/resnet34` if it
            exists. LMDBs need the extra `lmdb`.

    Returns:
        The data set, with the categories `top`, `bottom` and `shoe`.

    Raises:
        DataError: If a file is missing, a header is wrong, an index is not a
            line of its image list, or as in `read_csv`.

    Example:

    >>> data = fndrec.data.read_polyvore_u("polyvore", variant="630")
    >>> teacher = fndrec.FNDTeacher.from_data(data.with_photos(64))

    Reference: Lu, Hu, Jiang, Chen, Zeng 2019, Learning Binary Code for
    Personalized Fashion Recommendation, CVPR; `data/README.md` of
    https://github.com/lzcn/Fashion-Hash-Net. The features: Lu, Hu, Chen, Zeng
    2021, Personalized Outfit Recommendation with Learnable Anchors, CVPR;
    https://github.com/lzcn/LPAE-Net.
    """
    check_arguments(on_error, max_slots)
    files = PolyvoreUFiles(
        Path(folder), None if variant is None else str(variant)
    )
    names = known_splits(
        splits, lambda split: files.tuples / f"{TUPLES[split]}_posi"
    )
    liked = {
        split: files.read(f"{TUPLES[split]}_posi", on_error) for split in names
    }
    items, photo_root = _items(files, photos)
    feature_file = _feature_file(files, features)
    outfits, likes = _outfits_and_likes(files, liked)
    return build(
        Source(
            name=files.tuples.resolve().name,
            items=items,
            photo_root=photo_root,
            features=(
                None
                if feature_file is None
                else load_lmdb_features(
                    feature_file, files.images, files.image_place
                )
            ),
            features_source=None if feature_file is None else str(feature_file),
            outfits=outfits,
            likes=likes,
        ),
        on_error,
        max_slots,
    )


def _items(
    files: PolyvoreUFiles, photos: str | os.PathLike[str] | None
) -> tuple[SourceTable, Path | None]:
    columns = {
        "item_id": files.item_ids,
        "category": pa.array(np.repeat(CATEGORIES, list(files.sizes.values()))),
    }
    root = None if photos is None else Path(photos)
    if root is None:
        images = files.root / "images"
        if (images / "291x291").is_dir():
            root = images / "291x291"
        elif is_lmdb(images / "lmdb"):
            root = images / "lmdb"
    if root is not None:
        columns["image"] = pa.array(files.images, pa.string())
    table = SourceTable(
        f"the image lists of {files.tuples}",
        columns,
        files.image_place,
    )
    return table, root


def _feature_file(
    files: PolyvoreUFiles, features: str | os.PathLike[str] | None
) -> Path | None:
    if features is not None:
        return Path(features)
    default = files.root / "features" / "resnet34"
    return default if is_lmdb(default) else None


def _outfits_and_likes(
    files: PolyvoreUFiles, liked: dict[str, Tuples]
) -> tuple[SourceTable, dict[str, SourceTable]]:
    """Returns one outfit per distinct tuple, and the likes by split."""
    items = np.concatenate([tuples.items[:, 0] for tuples in liked.values()])
    outfits, first, outfit_rows = np.unique(
        items, axis=0, return_index=True, return_inverse=True
    )
    outfit_rows = outfit_rows.reshape(-1)
    ends = np.cumsum([len(tuples.user) for tuples in liked.values()])
    rows = np.concatenate([tuples.row for tuples in liked.values()])
    paths = [str(files.tuples / f"{TUPLES[split]}_posi") for split in liked]

    def place(row: int) -> str:
        split = int(np.searchsorted(ends, first[row], side="right"))
        return f"{paths[split]}, row {rows[first[row]] + 1}"

    starts = np.array([files.starts[name] for name in files.slots])
    ids = pa.array(
        [
            "_".join(str(i) for i in tuple_ if i >= 0)
            for tuple_ in np.where(outfits < 0, -1, outfits - starts).tolist()
        ],
        pa.string(),
    )
    likes = {}
    for split, path, tuples, outfit in zip(
        liked,
        paths,
        liked.values(),
        np.split(outfit_rows, ends[:-1]),
        strict=True,
    ):
        likes[split] = SourceTable(
            path,
            {
                "user_id": pa.array(tuples.user.astype(str), pa.string()),
                "outfit_id": ids.take(pa.array(outfit)),
            },
            placed(path, tuples.row),
        )
    table = SourceTable(
        str(files.tuples),
        {"outfit_id": ids, "item_ids": id_lists(files.item_ids, outfits)},
        place,
    )
    return table, likes
