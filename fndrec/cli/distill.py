"""Distil a student from a teacher.

Stops when the AUC on valid no longer improves, and keeps the best weights.
"""

import argparse
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
from fndrec.models import FNDStudent, align
from fndrec.training import distillation_losses


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    add_fit_arguments(parser)
    parser.add_argument(
        "--teacher",
        type=Path,
        required=True,
        metavar="MODEL_DIR",
        help="folder of the trained teacher",
    )
    parser.add_argument(
        "--distillation",
        choices=("fnd+kd", "fnd", "kd", "none"),
        default="kd",
        help="False Negative Distillation, Hinton's knowledge distillation, "
        "both, or none",
    )
    parser.add_argument(
        "--alpha",
        type=_types.non_negative_float,
        default=2.0,
        help="strength of False Negative Distillation",
    )
    parser.add_argument(
        "--kd-temperature",
        type=_types.positive_float,
        default=8.0,
        help="temperature of both softmaxes, in kd",
    )
    parser.add_argument(
        "--kd-weight",
        type=_types.fraction,
        default=0.9,
        help="weight of kd against the likes, or against fnd",
    )
    parser.add_argument(
        "--contrastive",
        type=_types.non_negative_float,
        default=0.0,
        metavar="WEIGHT",
        help="weight of the contrastive loss; try 0.1",
    )
    parser.add_argument(
        "--width",
        type=_types.positive_float,
        default=0.08,
        help="factor on AlexNet's filters",
    )
    parser.add_argument(
        "--dim",
        type=_types.positive_int,
        default=16,
        help="width of the user-outfit space",
    )


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    check_outputs(args)
    record = RunRecord(args)
    teacher = load_model_folder(args.teacher)
    data = read_data(args, image_size_of(teacher))
    # The users too, where the teacher itself has none.
    _, data = align(teacher, data)
    print(data, flush=True)
    backup = open_backup(args, record, data)
    keras.config.set_dtype_policy(args.precision)
    keras.utils.set_random_seed(args.seed)
    with checked_arguments():
        student = FNDStudent.from_data(
            data,
            dim=args.dim,
            width=args.width,
            contrastive=args.contrastive > 0,
            dropout=args.dropout,
            use_id=args.use_id,
            aggregator=args.aggregator,
            users=args.users,
            seed=args.seed,
        )
    losses, weights = distillation_losses(
        args.distillation, args.alpha, args.kd_temperature, args.kd_weight
    )
    train_and_save(
        student,
        data,
        args,
        record,
        "student",
        backup,
        teacher=teacher,
        losses=losses,
        loss_weights=weights,
    )
