"""Evaluate a model beside the baselines."""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    add_ranking_arguments,
    image_size_of,
    load_model_folder,
    read_data,
)
from fndrec.cli._run import RunRecord
from fndrec.data import OutfitData, read_fixed
from fndrec.errors import DataError
from fndrec.evaluation import (
    PROTOCOLS,
    FixedProtocol,
    Protocol,
    SampledNegatives,
    evaluate,
)
from fndrec.models import with_likes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    add_ranking_arguments(parser)
    parser.add_argument(
        "--protocol",
        choices=tuple(PROTOCOLS),
        default=None,
        help="what is ranked against what (default: sampled negatives, as "
        "--negatives and --negative-sampling say)",
    )
    parser.add_argument(
        "--fixed",
        default=None,
        metavar="NAME",
        help="rank the candidates of this name that the data set comes with, "
        "such as fitb_valid (default: none)",
    )
    parser.add_argument(
        "--draws",
        type=_types.positive_int,
        default=1,
        help="how often candidates are drawn, from --seed on; metrics are "
        "means",
    )
    parser.add_argument(
        "--intervals",
        action="store_true",
        help="print 95%% intervals over users",
    )
    parser.add_argument(
        "--fold-in",
        action="store_true",
        help="compute users the model has not seen from their likes in train",
    )
    parser.add_argument(
        "--json", type=Path, default=None, metavar="FILE", help="result file"
    )
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    record = RunRecord(args)
    protocol: Protocol | None = _protocol(args)
    model = load_model_folder(args.model_dir)
    data = read_data(args, image_size_of(model))
    if args.fold_in:
        model = with_likes(model, data)
    if args.fixed is not None:
        protocol = _fixed(args, data)
    result = evaluate(
        model,
        data,
        args.split,
        protocol=protocol,
        seed=[args.seed + draw for draw in range(args.draws)],
    )
    print(result.table(args.intervals))
    if args.json is not None:
        result.save(args.json)
        record.save(
            args.json.parent,
            metrics=result.to_dict(),
        )


def _protocol(args: argparse.Namespace) -> Protocol:
    drawn = SampledNegatives(args.negatives, args.negative_sampling)
    named = args.protocol if args.fixed is None else args.fixed
    if named is None:
        return drawn
    given = [args.protocol, args.fixed]
    if drawn != SampledNegatives() or None not in given:
        raise DataError(
            "One of --protocol, --fixed, or --negatives with "
            "--negative-sampling should say what likes are ranked against. "
            f"Received: --protocol={args.protocol}, --fixed={args.fixed}, "
            f"--negatives={args.negatives}, "
            f"--negative-sampling={args.negative_sampling}"
        )
    return drawn if args.protocol is None else PROTOCOLS[args.protocol]


def _fixed(args: argparse.Namespace, data: OutfitData) -> FixedProtocol:
    known = read_fixed(args.data_dir, data, args.on_error)
    if args.fixed not in known:
        raise DataError(
            f"{args.data_dir}: --fixed should name candidates of the data "
            f"set: {', '.join(known) or 'it has none'}. "
            f"Received: --fixed={args.fixed}"
        )
    return FixedProtocol(known[args.fixed])
