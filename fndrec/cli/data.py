"""Look at a data set of any known layout, or convert it to Parquet.

Layouts: tables as CSV or Parquet, and those of the published sets Polyvore-U
(Fashion-Hash-Net), DiFashion, POG (iFashion), IQON3000 and Polyvore Outfits.
"""

import argparse
from pathlib import Path
from typing import Any

from fndrec.cli import _convert, _inspect, _types
from fndrec.cli._data import checked_arguments
from fndrec.data import (
    LAYOUTS,
    FixedCandidates,
    OutfitData,
    load_data,
    read_fixed,
)
from fndrec.errors import DataError

ACTIONS = {"inspect": _inspect, "convert": _convert}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the sub-commands with their arguments."""
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    for name, module in ACTIONS.items():
        text = (module.__doc__ or "").strip()
        action = actions.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=parser.formatter_class,
        )
        action.add_argument("data_dir", type=Path, metavar="DIR")
        module.add_arguments(action)
        _add_reading_arguments(action)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    module = ACTIONS[args.action]
    module.check(args)
    try:
        with checked_arguments():
            data, fixed = _read(args)
        module.run(args, data, fixed)
    except ModuleNotFoundError as error:
        raise DataError(str(error)) from error


def _add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=("auto", *LAYOUTS),
        default="auto",
        help="layout of DIR; auto: the one that it has",
    )
    parser.add_argument(
        "--on-error",
        choices=("raise", "drop"),
        default="raise",
        help="what to do with rows that cannot be used",
    )
    parser.add_argument(
        "--max-slots",
        type=_types.positive_int,
        default=None,
        help="items of an outfit at most (default: as many as the published "
        "set has, 8 of tables)",
    )
    group = parser.add_argument_group("of some layouts only")
    group.add_argument(
        "--variant",
        default=None,
        help="polyvore-u: 630, 519, 53 or 32 (default: the one that is "
        "there); polyvore-outfits: disjoint or nondisjoint (default: "
        "nondisjoint)",
    )
    group.add_argument(
        "--photos",
        type=Path,
        default=None,
        metavar="DIR",
        help="polyvore-u, difashion, polyvore-outfits: folder of the photos, "
        "or an LMDB of them (default: where the layout has them)",
    )
    group.add_argument(
        "--features",
        type=Path,
        default=None,
        metavar="DIR",
        help="polyvore-u: an LMDB of features (default: features/resnet34 "
        "if it is there)",
    )
    group.add_argument(
        "--allow-pickle",
        action="store_const",
        const=True,
        default=None,
        help="difashion: unpickle its files, for those you trust "
        "(default: refuse)",
    )
    group.add_argument(
        "--valid",
        type=_types.rate,
        default=None,
        help="pog, iqon3000: share of each user's likes for valid "
        "(default: 0.1)",
    )
    group.add_argument(
        "--test",
        type=_types.rate,
        default=None,
        help="pog, iqon3000: and for test (default: 0.1)",
    )
    group.add_argument(
        "--seed",
        type=_types.seed,
        default=None,
        help="pog, iqon3000: of that division (default: 0)",
    )
    group.add_argument(
        "--min-likes",
        type=_types.positive_int,
        default=None,
        help="pog: leave out users with fewer likes (default: 1)",
    )


def _read(
    args: argparse.Namespace,
) -> tuple[OutfitData, dict[str, FixedCandidates]]:
    options: dict[str, Any] = {
        name: value
        for name in (
            *("variant", "photos", "features", "allow_pickle"),
            *("valid", "test", "seed", "min_likes"),
        )
        if (value := getattr(args, name)) is not None
    }
    data = load_data(
        args.data_dir,
        on_error=args.on_error,
        max_slots=args.max_slots,
        format=args.format,
        **options,
    )
    # How the files are read matters to these too, what is in them does not.
    options = {
        name: value
        for name, value in options.items()
        if name in ("variant", "allow_pickle")
    }
    fixed = read_fixed(
        args.data_dir,
        data,
        on_error=args.on_error,
        format=args.format,
        **options,
    )
    return data, fixed
