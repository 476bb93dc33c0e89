"""Train the teacher on the likes of a data set.

Stops when the AUC on valid no longer improves, and keeps the best weights.
"""

import argparse

import keras

from fndrec.cli import _types
from fndrec.cli._backup import open_backup
from fndrec.cli._data import load_data
from fndrec.cli._fit import (
    add_fit_arguments,
    batch_arguments,
    check_outputs,
    checked_arguments,
    fit_and_save,
    optimizer,
    shared_negatives,
)
from fndrec.cli._run import RunRecord
from fndrec.models import FNDTeacher


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


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    check_outputs(args)
    record = RunRecord(args)
    data = load_data(args, args.image_size)
    print(data, flush=True)
    backup = open_backup(args, record, data)
    keras.config.set_dtype_policy(args.precision)
    keras.utils.set_random_seed(args.seed)
    with checked_arguments():
        teacher = FNDTeacher.from_data(
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
    teacher.compile(
        optimizer(args, data), shared_negatives=shared_negatives(args, data)
    )
    batches = data.batches(
        "train", first_pass=backup.epoch, **batch_arguments(args, data)
    )
    fit_and_save(teacher, data, batches, args, record, "teacher", {}, backup)
