"""Compose the best new outfits for users.

Each slot of --template is a category or a group of the items, or `any`.
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
from fndrec.retrieval import OutfitComposer

ANY = "any"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument(
        "--users", nargs="+", required=True, metavar="USER_ID", help="for whom"
    )
    parser.add_argument(
        "--template",
        nargs="+",
        required=True,
        metavar="SLOT",
        help=f"category or group of each item, {ANY} for any",
    )
    add_out_argument(parser)
    parser.add_argument(
        "--k", type=_types.positive_int, default=3, help="outfits of each user"
    )
    for name, words in (("must", "each outfit"), ("exclude-items", "none")):
        parser.add_argument(
            f"--{name}",
            nargs="+",
            default=[],
            metavar="ITEM_ID",
            help=f"items that are in {words}",
        )
    parser.add_argument(
        "--max-shared",
        type=_types.non_negative_int,
        default=None,
        metavar="ITEMS",
        help="most items that two outfits of a user have in common "
        "(default: they only differ)",
    )
    parser.add_argument(
        "--known",
        action="store_true",
        help="let outfits of the catalogue be found too",
    )
    parser.add_argument(
        "--exhaustive",
        type=_types.non_negative_int,
        default=150_000,
        metavar="OUTFITS",
        help="look at all outfits if there are no more",
    )
    parser.add_argument(
        "--budget",
        type=_types.positive_int,
        default=6_000,
        metavar="OUTFITS",
        help="look at this many if there are more",
    )
    parser.add_argument(
        "--seed", type=_types.seed, default=0, help="of the search"
    )
    add_limit_arguments(parser)
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    record = RunRecord(args)
    check_out(args.out)
    model = load_model_folder(args.model_dir)
    data = read_data(args, image_size_of(model))
    composer = OutfitComposer(
        model,
        data,
        exhaustive=args.exhaustive,
        budget=args.budget,
        seed=args.seed,
    )
    limits = limits_of(args, data)
    found = [
        composer.compose(
            user,
            [None if slot == ANY else slot for slot in args.template],
            args.k,
            must=args.must,
            exclude_items=args.exclude_items,
            limits=limits,
            max_shared=args.max_shared,
            new=not args.known,
        )
        for user in args.users
    ]
    rows = [
        ResultRow(
            heading=user,
            rank=rank,
            item_ids=outfit.item_ids,
            score=outfit.score,
            columns={
                "known": int(best.known),
                "optimal": int(best.optimal),
                "better_share": f"{best.better_share():.3g}",
            },
            note="proven best" if best.optimal and rank == 1 else "",
        )
        for user, best in zip(args.users, found, strict=True)
        for rank, outfit in enumerate(best.outfits, 1)
    ]
    write_found(
        args,
        record,
        data,
        rows,
        space=found[0].space,
        visited=[best.visited for best in found],
    )
