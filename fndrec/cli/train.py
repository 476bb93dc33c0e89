"""Train the teacher on the likes of a data set.

Stops when the AUC on valid no longer improves, and keeps the best weights.
"""

import argparse
import dataclasses
from pathlib import Path

import keras

from fndrec.cli import _types
from fndrec.cli._backup import open_backup
from fndrec.cli._data import (
    checked_arguments,
    image_size_of,
    load_model_folder,
    read_data,
)
from fndrec.cli._fit import (
    add_fit_arguments,
    check_outputs,
    train_and_save,
)
from fndrec.cli._run import RunRecord
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.models import FNDTeacher, OutfitRecommender, by_history


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    add_fit_arguments(parser)
    parser.add_argument(
        "--image-size",
        type=_types.positive_int,
        default=64,
        help="side of the photos in pixels",
    )
    parser.add_argument(
        "--backbone",
        default="alexnet",
        help="network of the photos: alexnet or a keras.applications name",
    )
    parser.add_argument(
        "--width",
        type=_types.positive_float,
        default=0.25,
        help="factor on AlexNet's filters",
    )
    parser.add_argument(
        "--dim",
        type=_types.positive_int,
        default=64,
        help="width of the user-outfit space",
    )
    parser.add_argument(
        "--table",
        type=Path,
        default=None,
        metavar="DIR",
        help="trained model with a table of users whose layers "
        "--users history begins with, which is better "
        "than from scratch; default: none",
    )


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    check_outputs(args)
    record = RunRecord(args)
    begun = _begun(args)
    data = read_data(
        args, args.image_size if begun is None else image_size_of(begun)
    )
    if begun is not None:
        assert begun.vocabulary is not None
        # The items as the model knows them, the users of this data.
        data = data.with_vocabulary(
            dataclasses.replace(begun.vocabulary, users=data.vocabulary.users)
        )
    print(data, flush=True)
    backup = open_backup(args, record, data)
    keras.config.set_dtype_policy(args.precision)
    keras.utils.set_random_seed(args.seed)
    teacher = _teacher(args, data) if begun is None else begun
    train_and_save(teacher, data, args, record, "teacher", backup)


def _begun(args: argparse.Namespace) -> OutfitRecommender | None:
    """Loads the model that training continues from, if any."""
    if args.table is None:
        return None
    if args.users != "history":
        raise DataError(
            "--table should be given with `--users history`, which begins "
            f"with it. Received: --users {args.users}"
        )
    with checked_arguments():
        return by_history(load_model_folder(args.table))


def _teacher(args: argparse.Namespace, data: OutfitData) -> FNDTeacher:
    with checked_arguments():
        return FNDTeacher.from_data(
            data,
            dim=args.dim,
            width=args.width,
            backbone=args.backbone,
            dropout=args.dropout,
            use_id=args.use_id,
            aggregator=args.aggregator,
            users=args.users,
            seed=args.seed,
        )
