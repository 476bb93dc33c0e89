"""Resumes interrupted runs."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fndrec.callbacks import TrainingBackup
from fndrec.callbacks.training_backup import latest_epoch
from fndrec.cli._data import MODEL_FILE
from fndrec.cli._run import RunRecord
from fndrec.data import OutfitData

# What may differ between a run and the one that goes on with it.
FREE = (
    "resume",
    "overwrite",
    "photo_cache",
    "data_dir",
    "out",
    "teacher",
    "table",
    "tensorboard",
)


def open_backup(
    args: argparse.Namespace, record: RunRecord, data: OutfitData
) -> TrainingBackup:
    """Opens the backup of this run, beside its future output folder.

    Args:
        args: The parsed arguments.
        record: The record of the run.
        data: The data set.

    Returns:
        With `--resume` that of the run before, if it left one.

    Raises:
        DataError: If it is the state of a run of other arguments or data.
    """
    out = args.out.resolve()
    folder = out.with_name(f".{out.name}.training")
    about = {
        key: value for key, value in record.arguments.items() if key not in FREE
    }
    about["data"] = _digest(data)
    for name in ("teacher", "table"):
        trained = getattr(args, name, None)
        if trained is not None:
            with open(trained / MODEL_FILE, "rb") as file:
                about[name] = hashlib.file_digest(file, "sha256").hexdigest()
    backup = TrainingBackup(folder, about=about, resume=args.resume)
    if backup.epoch:
        print(f"Going on after epoch {backup.epoch}", flush=True)
    elif args.resume:
        print(f"Nothing to go on with in {folder}: a new run", flush=True)
    elif epoch := latest_epoch(folder):
        print(
            f"A new run; --resume would go on after epoch {epoch} of the one "
            "that was stopped",
            flush=True,
        )
    return backup


def _digest(data: OutfitData) -> str:
    """Returns a digest of everything that training reads of a data set."""
    parts: list[Any] = [data.outfit_items, data.item_category, data.features]
    parts += [data.item_group, data.users.ids, data.items.ids]
    for likes in data.splits.values():
        parts += [likes.user, likes.outfit]
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, pa.Array):
            part = "\n".join(part.to_pylist()).encode()
        elif isinstance(part, np.ndarray):
            part = np.ascontiguousarray(part).data
        digest.update(part if part is not None else b"none")
    if data.store is not None:
        # The name says of which photos, of what sizes and times.
        digest.update(Path(data.store.path).name.encode())
    return digest.hexdigest()[:16]
