"""Evaluate a model beside the baselines."""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    add_ranking_arguments,
    image_size_of,
    load_data,
    load_model_folder,
)
from fndrec.cli._run import RunRecord
from fndrec.errors import DataError
from fndrec.evaluation import PROTOCOLS, Protocol, SampledNegatives, evaluate


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
    protocol = _protocol(args)
    model = load_model_folder(args.model_dir)
    data = load_data(args, image_size_of(model))
    if args.fold_in:
        model = model.with_likes(data)
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
    if args.protocol is None:
        return drawn
    if drawn != SampledNegatives():
        raise DataError(
            "--protocol says what likes are ranked against: --negatives and "
            "--negative-sampling should not stand beside it. Received: "
            f"--protocol={args.protocol!r}, --negatives={args.negatives}, "
            f"--negative-sampling={args.negative_sampling}"
        )
    return PROTOCOLS[args.protocol]
