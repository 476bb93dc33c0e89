"""Evaluate a model beside the baselines."""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    image_size_of,
    load_data,
    load_model_folder,
)
from fndrec.cli._run import RunRecord
from fndrec.evaluation import evaluate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument(
        "--split", default="valid", help="name of the likes to rank"
    )
    parser.add_argument(
        "--negatives",
        type=_types.positive_int,
        default=10,
        help="outfits that each like is ranked against",
    )
    parser.add_argument(
        "--negative-sampling",
        choices=("catalogue", "hard"),
        default=None,
        help="default: hard where users share outfits, else catalogue",
    )
    parser.add_argument(
        "--seed", type=_types.seed, default=0, help="of the candidates"
    )
    parser.add_argument(
        "--json", type=Path, default=None, metavar="FILE", help="result file"
    )
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    record = RunRecord(args)
    model = load_model_folder(args.model_dir)
    data = load_data(args, image_size_of(model))
    result = evaluate(
        model,
        data,
        args.split,
        negatives=args.negatives,
        negative_sampling=args.negative_sampling,
        seed=args.seed,
    )
    print(result)
    if args.json is not None:
        result.save(args.json)
        record.save(
            args.json.parent,
            metrics=result.to_dict(),
        )
