"""Evaluate a model beside the baselines."""

import argparse
from pathlib import Path

from fndrec.cli._data import (
    add_data_arguments,
    add_ranking_arguments,
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
    add_ranking_arguments(parser)
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
    model = load_model_folder(args.model_dir)
    data = load_data(args, image_size_of(model))
    if args.fold_in:
        model = model.with_likes(data)
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
