"""Score outfits of known items for users.

PAIRS.csv has the columns user_id and item_ids, joined by `;`. SCORES.csv has
the same rows in the same order, and the columns score and known: 0 for a user
never seen, who is scored as the cold-start user.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.cli._data import (
    add_data_arguments,
    image_size_of,
    load_model_folder,
    read_data,
)
from fndrec.cli._run import RunRecord
from fndrec.data import OutfitData
from fndrec.data.ranges import ranges
from fndrec.data.readers.tables.csv import read_csv_file
from fndrec.errors import DataError
from fndrec.files import atomic_path
from fndrec.models import align


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument("pairs", type=Path, metavar="PAIRS.csv")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="SCORES.csv",
        help="file to write",
    )
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    record = RunRecord(args)
    model = load_model_folder(args.model_dir)
    pairs = read_csv_file(args.pairs, ("user_id", "item_ids"))
    for name in ("score", "known"):
        if name in pairs.column_names:
            raise DataError(
                f"{args.pairs}: no column `{name}` was expected, as it is "
                f"added. Received: columns {pairs.column_names}"
            )
    data = read_data(args, None)
    outfits = item_sets(pairs, data, str(args.pairs))
    size = image_size_of(model)
    if size is not None:
        data = read_data(args, size)
        # Items whose photo is broken may have been dropped.
        outfits = item_sets(pairs, data, str(args.pairs))
    model, data = align(model, data)
    users = data.vocabulary.users.rows(pairs["user_id"].combine_chunks()) + 1
    scores = model.score_sets(data, users, outfits[:, None])
    columns = {
        **pairs.to_pydict(),
        "score": [f"{score:.8g}" for score in scores[:, 0].tolist()],
        "known": (users > 0).astype(int).tolist(),
    }
    with (
        atomic_path(args.out) as path,
        path.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    record.save(
        args.out.parent,
        metrics={"rows": len(users), "unknown_users": int((users == 0).sum())},
    )
    print(f"{len(users):,} scores are in {args.out}")


def item_sets(pairs: pa.Table, data: OutfitData, name: str) -> np.ndarray:
    """Returns the item rows of the outfits of a table.

    Args:
        pairs: Table with a string column `item_ids`.
        data: The data set that knows the items.
        name: Name of the file, for errors.

    Returns:
        Int32 array `(rows, slots)`, -1 padding.

    Raises:
        DataError: If an outfit is empty or names an item not known.
    """
    sets = [ids.split(";") for ids in pairs["item_ids"].to_pylist()]
    length = np.array([len(ids) for ids in sets], np.int64)
    flat = [i for ids in sets for i in ids]
    found = data.items.rows(flat) if flat else np.zeros(0, np.int32)
    row = np.repeat(np.arange(len(sets)), length)
    missing = np.flatnonzero(found < 0)
    if len(missing):
        first = missing[0]
        raise DataError(
            f"{name}, row {row[first] + 1}: `item_ids` should name known "
            f"items, joined by `;`. Received: {flat[first]!r}"
        )
    outfits = np.full((len(sets), max(length, default=1)), -1, np.int32)
    outfits[row, ranges(np.zeros_like(length), length)] = found
    return outfits
