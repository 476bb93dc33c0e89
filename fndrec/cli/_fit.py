"""Training as `train` and `distill` do it."""

import argparse
import sys
from pathlib import Path
from typing import Any

import keras

from fndrec.cli import _types
from fndrec.cli._data import MODEL_FILE, add_data_arguments
from fndrec.cli._run import RunRecord, new_folder
from fndrec.data import OutfitData
from fndrec.evaluation import Validation, evaluate
from fndrec.models import OutfitRecommender

NAMES = {
    "_negatives": ("in_batch", "catalogue", "hard"),
    "_precision": ("float32", "mixed_bfloat16", "mixed_float16"),
}


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
    parser.add_argument("--epochs", type=_types.positive_int, default=40)
    parser.add_argument(
        "--patience",
        type=_types.positive_int,
        default=6,
        help="epochs without a better valid AUC before training stops",
    )
    parser.add_argument("--batch-size", type=_types.positive_int, default=128)
    parser.add_argument("--negatives", type=_types.positive_int, default=10)
    parser.add_argument(
        "--negative-sampling",
        choices=NAMES["_negatives"],
        default=None,
        help="default: hard where users share outfits, else in_batch",
    )
    parser.add_argument(
        "--learning-rate", type=_types.positive_float, default=1e-3
    )
    parser.add_argument(
        "--weight-decay", type=_types.non_negative_float, default=0.01
    )
    parser.add_argument("--dropout", type=_types.rate, default=0.1)
    parser.add_argument(
        "--precision", choices=NAMES["_precision"], default="float32"
    )
    parser.add_argument("--seed", type=_types.non_negative_int, default=0)
    add_data_arguments(parser)


def batch_arguments(
    args: argparse.Namespace, data: OutfitData
) -> dict[str, Any]:
    """Keyword arguments for `data.batches`."""
    sampling = args.negative_sampling
    if sampling is None:
        sampling = "hard" if data.shares_outfits else "in_batch"
    return {
        "batch_size": args.batch_size,
        "negatives": args.negatives,
        "negative_sampling": sampling,
        "seed": args.seed,
    }


def optimizer(args: argparse.Namespace, data: OutfitData) -> Any:
    """AdamW with a cosine decay over the epochs, after a short warm-up."""
    steps = -(-len(data.likes("train")) // args.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(
        args.learning_rate / 10,
        decay_steps=steps * args.epochs,
        warmup_target=args.learning_rate,
        warmup_steps=steps,
        alpha=0.02,
    )
    return keras.optimizers.AdamW(
        schedule, weight_decay=args.weight_decay, clipnorm=1.0
    )


def fit_and_save(
    model: OutfitRecommender,
    data: OutfitData,
    dataset: Any,
    args: argparse.Namespace,
    record: RunRecord,
    name: str,
    others: dict[str, OutfitRecommender],
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
    """
    callbacks: list[Any] = []
    valid = "valid" if "valid" in data.splits else None
    if valid:
        callbacks = [
            Validation(data, valid, seed=args.seed),
            keras.callbacks.EarlyStopping(
                "val_auc",
                mode="max",
                patience=args.patience,
                restore_best_weights=True,
            ),
        ]
    callbacks.append(keras.callbacks.TerminateOnNaN())
    history = model.fit(
        dataset,
        epochs=args.epochs,
        callbacks=callbacks,
        verbose=1 if sys.stdout.isatty() else 2,
    )
    metrics = None
    if valid:
        result = evaluate({name: model, **others}, data, valid, seed=args.seed)
        print(f"\n{result}\n", flush=True)
        metrics = result.to_dict()
    with new_folder(args.out) as folder:
        model.save(folder / MODEL_FILE)
        record.save(
            folder / "run.json",
            metrics=metrics,
            parameters=model.count_params(),
            history={
                key: [float(v) for v in values]
                for key, values in history.history.items()
            },
        )
    print(f"The model is in {args.out}", flush=True)
