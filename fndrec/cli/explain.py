"""Explain the scores of outfits for a user.

explain.csv has a row an item of each outfit: what the score loses without the
item, how much the pooling looks at it, and the liked outfits nearest to the
outfit. explain.png shows the same, with photos where there are any.
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
from fndrec.cli._run import RunRecord
from fndrec.errors import DataError
from fndrec.plots import explanation_sheet
from fndrec.retrieval import Explanation, explain, recommend
from fndrec.retrieval.explaining.explain import requested_sets

# Of the picture, if the model looks at none.
PHOTO_SIZE = 128
# A picture of more outfits is too large for what shows pictures.
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument(
        "--user",
        required=True,
        metavar="ID",
        help="whom the outfits are for; one never seen is scored as the "
        "cold-start user",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--outfit",
        dest="outfits",
        nargs="+",
        metavar="ID",
        help="outfits of the data set",
    )
    which.add_argument(
        "--items",
        dest="item_sets",
        nargs="+",
        metavar="A;B;C",
        help="sets of known items, joined by `;`",
    )
    which.add_argument(
        "-k",
        type=_types.positive_int,
        help="the best K outfits that the user is not known to like",
    )
    parser.add_argument(
        "--nearest",
        type=_types.non_negative_int,
        default=3,
        help="liked outfits shown for each",
    )
    add_out_argument(parser)
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    check_out(args.out)
    record = RunRecord(args)
    model = load_model_folder(args.model_dir)
    data = read_data(args, None)
    outfits, sets = args.outfits, args.item_sets
    if sets is not None:
        sets = [_ids(words) for words in sets]
    if args.k is None:
        # An id mistyped is told before photos are decoded.
        requested_sets(data, outfits, sets)
    if data.photos is not None:
        data = read_data(args, image_size_of(model) or PHOTO_SIZE)
    if args.k is not None:
        best = recommend(model, data, [args.user], args.k)[0]
        outfits = [found.outfit_id for found in best]
        if not outfits:
            raise DataError(
                f"{args.data_dir}: outfits that user {args.user!r} is not "
                "known to like were expected. Received: none"
            )
    found = explain(
        model, data, args.user, outfits, item_sets=sets, nearest=args.nearest
    )
    write_found(
        args,
        record,
        data,
        [row for i, why in enumerate(found) for row in _rows(why, i + 1)],
        draw=lambda path: explanation_sheet(data, found[:SHOWN], path),
        outfits=len(found),
        known_user=found[0].known,
    )
    if len(found) > SHOWN:
        print(f"It shows the first {SHOWN} of {len(found)} outfits")


def _ids(words: str) -> list[str]:
    return words.split(";") if words else []


def _rows(why: Explanation, rank: int) -> list[ResultRow]:
    """Returns the rows of an outfit, one per item."""
    rows = []
    for row in why.to_rows():
        for name in ("user_id", "item_ids", "score"):
            row.pop(name)
        for name in ("contribution", "attention"):
            row[name] = f"{row[name]:.8g}"
        rows.append(ResultRow(why.user_id, rank, why.item_ids, why.score, row))
    return rows
