"""Find the best items to complete outfits with.

PARTIAL.csv has the columns user_id, item_ids, joined by `;`, and perhaps
category: the category, or group, of the wanted item; empty for any.
"""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    image_size_of,
    load_model_folder,
    read_data,
)
from fndrec.cli._found import (
    ResultRow,
    add_out_argument,
    check_out,
    write_found,
)
from fndrec.cli._limits import add_limit_arguments, limits_of
from fndrec.cli._run import RunRecord
from fndrec.data.readers.tables.csv import read_csv_file
from fndrec.retrieval import OutfitCompleter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument("partial", type=Path, metavar="PARTIAL.csv")
    add_out_argument(parser)
    parser.add_argument(
        "--k", type=_types.positive_int, default=10, help="items of each row"
    )
    parser.add_argument(
        "--exclude-items",
        nargs="+",
        default=[],
        metavar="ITEM_ID",
        help="items that are not wanted",
    )
    add_limit_arguments(parser)
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    record = RunRecord(args)
    check_out(args.out)
    model = load_model_folder(args.model_dir)
    table = read_csv_file(args.partial, ("user_id", "item_ids"))
    data = read_data(args, image_size_of(model))
    users = table["user_id"].to_pylist()
    outfits = [
        ids.split(";") if ids else [] for ids in table["item_ids"].to_pylist()
    ]
    wanted = (
        [name or None for name in table["category"].to_pylist()]
        if "category" in table.column_names
        else [None] * len(users)
    )
    completer = OutfitCompleter(model, data)
    found = completer.complete(
        users,
        outfits,
        wanted,
        args.k,
        exclude_items=args.exclude_items,
        limits=limits_of(args, data),
    )
    rows = [
        ResultRow(
            heading=best.user_id,
            rank=rank,
            item_ids=best.item_ids,
            score=best.score,
            columns={
                "row": number,
                "item_id": best.item_id,
                "known": int(best.known),
            },
        )
        for number, completions in enumerate(found, 1)
        for rank, best in enumerate(completions, 1)
    ]
    write_found(args, record, data, rows)
