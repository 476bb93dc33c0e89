"""Print what a data set holds; with --out, draw some outfits.

Counts, likes a user, cold users, outfits and items, lengths of outfits, how
often items and outfits are used, categories, photos, features, and the
candidates that the set comes with.
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.cli import _types
from fndrec.data import DataSummary, FixedCandidates, OutfitData, from_tables
from fndrec.errors import DataError
from fndrec.plots import outfit_sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "--out",
        type=Path,
        default=None,
        metavar="FILE.png",
        help="picture of some liked outfits; needs photos (default: none)",
    )
    parser.add_argument(
        "--outfits",
        type=_types.positive_int,
        default=12,
        help="how many outfits are drawn",
    )
    parser.add_argument(
        "--photo-size",
        type=_types.positive_int,
        default=96,
        help="side of a photo in pixels",
    )


def check(args: argparse.Namespace) -> None:
    """Raises before any work if `--out` cannot be written."""
    if args.out is not None and args.out.is_dir():
        raise DataError(f"{args.out}: should be a file. Received: a folder")


def run(
    args: argparse.Namespace,
    data: OutfitData,
    fixed: Mapping[str, FixedCandidates],
) -> None:
    """Runs the command."""
    print(DataSummary.from_data(data))
    for name, candidates in fixed.items():
        count = candidates.outfits.shape[1]
        print(
            f"candidates `{name}`: {len(candidates):,} {candidates.kind}, "
            f"{count} outfits each"
        )
    if args.out is not None:
        drawn = contact_sheet(data, args.out, args.outfits, args.photo_size)
        print(f"{drawn} outfits are drawn in {args.out}")


def contact_sheet(
    data: OutfitData, path: Path, count: int, photo_size: int
) -> int:
    """Draws some outfits that are liked in train.

    Only their photos are decoded.

    Args:
        data: The data set; it has photos.
        path: The PNG file to write.
        count: Number of outfits.
        photo_size: Side of the photos in pixels.

    Returns:
        How many are drawn.

    Raises:
        DataError: If there are no photos, or one of them cannot be read.
    """
    if data.photos is None:
        raise DataError(
            f"{data.name}: items with photos were expected, to be drawn. "
            "Received: items without"
        )
    likes = data.likes("train")
    # One like of each outfit, and the same ones every time.
    first = np.unique(likes.outfit, return_index=True)[1]
    rng = np.random.default_rng(0)
    chosen = rng.choice(first, min(count, len(first)), replace=False)
    chosen = np.sort(chosen)
    outfits = data.outfits.take(likes.outfit[chosen])
    lists = [data.outfit_item_ids(int(row)) for row in likes.outfit[chosen]]
    users = data.users.take(likes.user[chosen])
    items = list(dict.fromkeys(item for items in lists for item in items))
    photos = data.photos.take(pa.array(data.items.rows(items)))
    part = from_tables(
        pa.table({"item_id": items, "image": photos}),
        pa.table({"outfit_id": outfits, "item_ids": lists}),
        {"train": pa.table({"user_id": users, "outfit_id": outfits})},
        photo_root=data.photo_root,
        max_slots=data.num_slots,
    )
    rows = [
        (f"user {_short(user)}\n{_short(outfit)}", items)
        for user, outfit, items in zip(users, outfits, lists, strict=True)
    ]
    with tempfile.TemporaryDirectory() as cache:
        sheet = part.with_photos(photo_size, cache_dir=cache)
        outfit_sheet(sheet, rows, path, f"{data.name}: liked outfits")
    return len(rows)


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}\u2026"
