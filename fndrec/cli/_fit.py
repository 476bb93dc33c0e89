"""Shared parts of `train` and `distill`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from fndrec.callbacks import TrainingBackup
from fndrec.callbacks.training_backup import latest_epoch
from fndrec.cli import _types
from fndrec.cli._data import MODEL_FILE, add_data_arguments
from fndrec.cli._run import RunRecord, check_new_folder
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.evaluation import evaluate
from fndrec.extras import require
from fndrec.files import atomic_folder
from fndrec.losses import DistillationLoss
from fndrec.models import OutfitRecommender
from fndrec.models.model_parts import AGGREGATORS, USERS
from fndrec.training import (
    BATCH_SIZE,
    HISTORY,
    ID_WEIGHT_DECAY,
    LARGE_BATCH_SIZE,
    MANY_LIKES,
    NEGATIVES,
    SHARED_EPOCHS,
    SHARED_WEIGHT_DECAY,
    WEIGHT_DECAY,
    Recipe,
    train,
)


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of training."""
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="MODEL_DIR",
        help="folder to write the model to",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace MODEL_DIR if it is there",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on after the last whole epoch of a run of the same arguments "
        "that was stopped; it ends with the very weights it would have had",
    )
    parser.add_argument(
        "--epochs",
        type=_types.positive_int,
        default=None,
        help=f"passes over the likes at most; default: {Recipe.epochs}, or "
        f"{SHARED_EPOCHS} where users share outfits",
    )
    parser.add_argument(
        "--patience",
        type=_types.positive_int,
        default=Recipe.patience,
        help="epochs without a better valid metric before training stops",
    )
    parser.add_argument(
        "--batch-size",
        type=_types.positive_int,
        default=None,
        help=f"default: {BATCH_SIZE}, or {LARGE_BATCH_SIZE} from "
        f"{MANY_LIKES:,} train likes on",
    )
    parser.add_argument(
        "--negatives",
        type=_types.non_negative_int,
        default=None,
        help=f"drawn for each like; default: {NEGATIVES}, or for a student "
        "1 where those of the whole batch count too, or 0 where users share "
        "outfits",
    )
    parser.add_argument(
        "--negative-sampling",
        choices=("recombined", "catalogue", "hard"),
        default=None,
        help="default: hard where users share outfits, else recombined",
    )
    parser.add_argument(
        "--in-batch-negatives",
        action=argparse.BooleanOptionalAction,
        default=Recipe.in_batch_negatives,
        help="let the candidates of the batch's other users stand against a "
        "like too",
    )
    parser.add_argument(
        "--sampling-probability",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="correct scores for how often a candidate is drawn; default: "
        "where users share outfits",
    )
    parser.add_argument(
        "--learning-rate",
        type=_types.positive_float,
        default=Recipe.learning_rate,
        help="of AdamW at its highest",
    )
    parser.add_argument(
        "--weight-decay",
        type=_types.non_negative_float,
        default=None,
        help=f"of AdamW; default: {WEIGHT_DECAY}; where items are known by "
        f"their ids alone {ID_WEIGHT_DECAY}, or {SHARED_WEIGHT_DECAY} if "
        "users also share outfits",
    )
    parser.add_argument(
        "--dropout",
        type=_types.rate,
        default=0.1,
        help="dropout rate of the towers of photos and features",
    )
    parser.add_argument(
        "--use-id",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="give each item a vector of its own (default: only where "
        "nothing else is known of the items)",
    )
    parser.add_argument(
        "--users",
        choices=USERS,
        default="table",
        help="a vector of each user, users computed from the outfits they "
        "liked, several vectors of each, or a binary code of each",
    )
    parser.add_argument(
        "--aggregator",
        choices=AGGREGATORS,
        default=None,
        help="what makes an outfit of its items: a set transformer, their "
        "mean, or the mean of binary codes (default: a set transformer, or "
        "the mean where users share outfits of items known by their ids "
        "alone)",
    )
    parser.add_argument(
        "--history",
        type=_types.positive_int,
        default=HISTORY,
        help="liked outfits that a user is computed from in training, at "
        "the most, with --users history",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        default="float32",
        help="number format of the layers",
    )
    parser.add_argument(
        "--tensorboard",
        type=Path,
        default=None,
        metavar="DIR",
        help="folder to log each epoch to, for TensorBoard (extra "
        "`tensorboard`); default: none",
    )
    parser.add_argument(
        "--seed",
        type=_types.seed,
        default=0,
        help="of weights, batches and candidates",
    )
    add_data_arguments(parser)


def check_outputs(args: argparse.Namespace) -> None:
    """Checks before long work that the outputs can be written."""
    check_new_folder(args.out, args.overwrite)
    logs: Path | None = args.tensorboard
    if logs is None:
        return
    try:
        require("tensorboard", "tensorboard", "--tensorboard")
    except ModuleNotFoundError as error:
        raise DataError(str(error)) from error
    if logs.exists() and not logs.is_dir():
        raise DataError(
            f"--tensorboard should be a folder. Received: {logs}, a file"
        )
    # It appears only when training is done, and replaces what was there.
    if args.out.resolve() in (logs.resolve(), *logs.resolve().parents):
        raise DataError(
            "--tensorboard should be a folder outside of --out. "
            f"Received: {logs}"
        )


def recipe_for(
    model: OutfitRecommender, data: OutfitData, args: argparse.Namespace
) -> Recipe:
    """Returns the recipe that the arguments ask for."""
    return Recipe.for_model(
        model,
        data,
        epochs=args.epochs,
        patience=args.patience,
        batch_size=args.batch_size,
        negatives=args.negatives,
        negative_sampling=args.negative_sampling,
        in_batch_negatives=args.in_batch_negatives,
        sampling_probability=args.sampling_probability,
        learning_rate=args.learning_rate,
        weight_decay=args.weight_decay,
        history=args.history,
        contrastive_weight=getattr(args, "contrastive", None),
        seed=args.seed,
    )


def train_and_save(
    model: OutfitRecommender,
    data: OutfitData,
    args: argparse.Namespace,
    record: RunRecord,
    name: str,
    backup: TrainingBackup,
    *,
    teacher: OutfitRecommender | None = None,
    losses: Sequence[DistillationLoss] = (),
    loss_weights: Sequence[float] = (),
) -> None:
    """Trains a model, keeps its best weights, evaluates it and saves it.

    Args:
        model: The model.
        data: The data set.
        args: The parsed arguments.
        record: The record of the run.
        name: Name of the model in the table.
        backup: The state of the run, from `open_backup`.
        teacher: The teacher of a student, which the table shows beside it.
        losses: Losses that learn from the teacher.
        loss_weights: Their weights.

    Raises:
        DataError: If the loss is no longer a number, or a batch cannot be
            read.
    """
    callbacks: list[Any] = []
    if args.tensorboard is not None:
        callbacks.append(
            keras.callbacks.TensorBoard(args.tensorboard, write_graph=False)
        )
    try:
        train(
            model,
            data,
            teacher if losses else None,
            distillation=losses or None,
            distillation_weights=loss_weights or None,
            recipe=recipe_for(model, data, args),
            callbacks=callbacks,
            backup=backup,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    except DataError as error:
        if not latest_epoch(backup.folder):
            raise
        raise DataError(f"{error}, kept in {backup.path()}") from error
    metrics = None
    if "valid" in data.splits:
        models = {name: model}
        if teacher is not None:
            models["teacher"] = teacher
        result = evaluate(models, data, "valid", seed=args.seed)
        print(f"\n{result}\n", flush=True)
        metrics = result.to_dict()
    with atomic_folder(args.out) as folder:
        model.save(folder / MODEL_FILE)
        record.save(
            folder,
            metrics=metrics,
            parameters=model.count_params(),
            history=backup.history,
        )
    backup.remove()
    print(f"The model is in {args.out}", flush=True)
