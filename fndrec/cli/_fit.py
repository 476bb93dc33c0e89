"""Training as `train` and `distill` do it."""

import argparse
import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fndrec.callbacks import StopOnNaN, TrainingBackup, Validation
from fndrec.callbacks.training_backup import latest_epoch
from fndrec.cli import _types
from fndrec.cli._data import MODEL_FILE, add_data_arguments
from fndrec.cli._run import RunRecord, check_new_folder
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.evaluation import evaluate
from fndrec.extras import require
from fndrec.files import atomic_folder
from fndrec.models import OutfitRecommender
from fndrec.models.model_parts import AGGREGATORS, USERS

BATCH_SIZE = 128
LARGE_BATCH_SIZE = 1024
NEGATIVES = 4
MANY_LIKES = 100_000
WEIGHT_DECAY = 0.01
# A vector for each item learns the likes by heart unless it is held back.
ID_WEIGHT_DECAY = 0.3
HISTORY = 7


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of training."""
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
        default=22,
        help="passes over the likes at most",
    )
    parser.add_argument(
        "--patience",
        type=_types.positive_int,
        default=5,
        help="epochs without a better valid AUC before training stops",
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
        type=_types.positive_int,
        default=None,
        help=f"drawn for each like; default: {NEGATIVES}, or for a student "
        "1 where those of the whole batch count too",
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
        default=None,
        help="let the candidates of the batch's other users stand against a "
        "like too; default: where users do not share outfits",
    )
    parser.add_argument(
        "--learning-rate",
        type=_types.positive_float,
        default=3e-3,
        help="of AdamW at its highest",
    )
    parser.add_argument(
        "--weight-decay",
        type=_types.non_negative_float,
        default=None,
        help=f"of AdamW; default: {WEIGHT_DECAY}, or {ID_WEIGHT_DECAY} where "
        "items are known by their ids alone",
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
        default="set_transformer",
        help="what makes an outfit of its items: a set transformer, their "
        "mean, or the mean of binary codes",
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
    """Raises before long work if nothing could be written in the end."""
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


@contextlib.contextmanager
def checked_arguments() -> Iterator[None]:
    """What a layer refuses while a model is made is an error of the user."""
    try:
        yield
    except ValueError as error:
        raise DataError(str(error)) from error


def batch_size(args: argparse.Namespace, data: OutfitData) -> int:
    """Likes in a batch: larger where an epoch has many steps."""
    if args.batch_size is None:
        many = len(data.likes("train")) >= MANY_LIKES
        return LARGE_BATCH_SIZE if many else BATCH_SIZE
    return int(args.batch_size)


def in_batch_negatives(args: argparse.Namespace, data: OutfitData) -> bool:
    """Whether the batch's candidates are shared.

    Where users share outfits they would be a user's own likes too often.
    """
    if args.in_batch_negatives is None:
        return not data.shares_outfits
    return bool(args.in_batch_negatives)


def batch_arguments(
    args: argparse.Namespace, data: OutfitData
) -> dict[str, Any]:
    """Keyword arguments for `data.batches`."""
    negatives = args.negatives
    if negatives is None:
        # More gain a student nothing where the batch's candidates are shared.
        few = args.command == "distill" and in_batch_negatives(args, data)
        negatives = 1 if few else NEGATIVES
    return {
        "batch_size": batch_size(args, data),
        "negatives": negatives,
        "negative_sampling": args.negative_sampling,
        "history": args.history if args.users == "history" else None,
        "seed": args.seed,
    }


def optimizer(args: argparse.Namespace, data: OutfitData) -> Any:
    """AdamW with a cosine decay over the epochs, after a short warm-up."""
    steps = -(-len(data.likes("train")) // batch_size(args, data))
    schedule = keras.optimizers.schedules.CosineDecay(
        args.learning_rate / 10,
        decay_steps=steps * args.epochs,
        warmup_target=args.learning_rate,
        warmup_steps=steps,
        alpha=0.02,
    )
    decay = args.weight_decay
    if decay is None:
        known = (data.store, data.features, data.category_index)
        ids_alone = all(content is None for content in known)
        decay = ID_WEIGHT_DECAY if ids_alone else WEIGHT_DECAY
    return keras.optimizers.AdamW(schedule, weight_decay=decay, beta_2=0.99)


def fit_and_save(
    model: OutfitRecommender,
    data: OutfitData,
    dataset: Any,
    args: argparse.Namespace,
    record: RunRecord,
    name: str,
    others: dict[str, OutfitRecommender],
    backup: TrainingBackup,
) -> None:
    """Trains a compiled model, keeps its best weights, evaluates, saves.

    Args:
        model: The model, compiled.
        data: The data set.
        dataset: Batches to train on.
        args: The parsed arguments.
        record: The record of the run.
        name: What the model is called in the table.
        others: Models to show beside it.
        backup: The state of the run, from `open_backup`.

    Raises:
        DataError: If the loss is no longer a number.
    """
    callbacks: list[Any] = [StopOnNaN()]
    valid = "valid" if "valid" in data.splits else None
    if valid:
        stop = keras.callbacks.EarlyStopping(
            "val_auc",
            mode="max",
            patience=args.patience,
            restore_best_weights=True,
        )
        callbacks += [Validation(data, valid, seed=args.seed), stop]
        backup.keep.append(stop)
    if args.tensorboard is not None:
        # After `Validation`, whose metrics it logs.
        callbacks.append(
            keras.callbacks.TensorBoard(args.tensorboard, write_graph=False)
        )
    try:
        model.fit(
            dataset,
            initial_epoch=backup.initial_epoch(args.epochs),
            epochs=args.epochs,
            callbacks=[*callbacks, backup],
            verbose=1 if sys.stdout.isatty() else 2,
        )
    except DataError as error:
        if not latest_epoch(backup.folder):
            raise
        raise DataError(f"{error}, kept in {backup.path()}") from error
    except tf.errors.OpError as error:
        # Why a batch could not be made comes out of the pipeline as text.
        found = re.search(r"DataError: (.*)", str(error.message))
        if found is None:
            raise
        raise DataError(found[1]) from error
    metrics = None
    if valid:
        result = evaluate({name: model, **others}, data, valid, seed=args.seed)
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
