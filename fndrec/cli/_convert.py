"""Write a data set as Parquet tables, which all commands read.

OUT gets items.parquet, outfits.parquet, train.parquet and so on; the
candidates that the set comes with as fitb_*.parquet and negatives_*.parquet;
and the photos in the folder photos: as hard links where that can be, else as
copies, so that OUT needs DIR no more.
"""

import argparse
import dataclasses
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fndrec.cli._run import RunRecord, check_new_folder
from fndrec.data import FixedCandidates, OutfitData, write_fixed, write_parquet
from fndrec.data.photos.photo_files import open_photos
from fndrec.files import atomic_folder

PHOTOS = "photos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace OUT if an earlier conversion made it",
    )
    parser.add_argument(
        "--no-photos",
        action="store_true",
        help="leave the photos out",
    )


def check(args: argparse.Namespace) -> None:
    """Raises before any work if OUT cannot be written."""
    check_new_folder(args.out, args.overwrite)


def run(
    args: argparse.Namespace,
    data: OutfitData,
    fixed: Mapping[str, FixedCandidates],
) -> None:
    """Runs the command."""
    record = RunRecord(args)
    if args.no_photos:
        data = dataclasses.replace(data, photos=None, photo_root=None)
    with atomic_folder(args.out) as folder:
        written = _with_photos(data, folder)
        write_parquet(written, folder)
        write_fixed(fixed, data, folder)
        record.save(
            folder,
            metrics={
                "users": data.num_users,
                "items": data.num_items,
                "outfits": data.num_outfits,
                "likes": {s: len(rows) for s, rows in data.splits.items()},
            },
        )
    print(f"{data} is in {args.out}")


def _with_photos(data: OutfitData, folder: Path) -> OutfitData:
    """Copies the photos under `folder`; returns data with their new paths.

    In a folder of their own, as a photo may be called as a table is.
    """
    if data.photos is None or data.photo_root is None:
        return data
    made = set()
    with open_photos(data.photo_root) as files:
        for name in pc.unique(data.photos).to_pylist():
            target = folder / PHOTOS / name
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            _put(files(name), target)
    moved = pc.binary_join_element_wise(PHOTOS, data.photos, "/")
    return dataclasses.replace(
        data, photos=moved.cast(pa.string()), photo_root=folder
    )


def _put(file: Path | bytes, target: Path) -> None:
    if isinstance(file, bytes):
        target.write_bytes(file)
        return
    try:
        os.link(file.resolve(), target)
    except OSError:  # on another disk, or one that knows no links
        shutil.copyfile(file, target)
