"""Models small enough to be made in each test."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData, write_csv
from fndrec.data.batching.batches import content_reader, distinct_items
from fndrec.models import FNDStudent, FNDTeacher

# A cosine of 1 is a score of 10, whatever the width.
SMALL: dict[str, Any] = {
    "num_blocks": 1,
    "num_heads": 2,
    "width": 0.05,
    "temperature": 0.1,
}


def tiny_teacher(data: OutfitData, dim: int = 8, **kwargs: Any) -> FNDTeacher:
    return FNDTeacher.from_data(data, dim=dim, **(SMALL | kwargs))


def tiny_student(data: OutfitData, dim: int = 8, **kwargs: Any) -> FNDStudent:
    kwargs = {"contrastive": True} | kwargs
    return FNDStudent.from_data(data, dim=dim, **(SMALL | kwargs))


# Draws nothing at random, so that losses can be computed by hand.
STILL: dict[str, Any] = {"dropout": 0.0, "unknown_rate": 0.0}


def one_batch(
    data: OutfitData, batch_size: int = 16, **kwargs: Any
) -> dict[str, Any]:
    """The first batch of train, likes in the order of the table."""
    kwargs = {"negatives": 3, "shuffle": False} | kwargs
    batch: dict[str, Any] = next(
        iter(data.batches("train", batch_size, **kwargs))
    )
    return batch


def batch_of(
    data: OutfitData, users: np.ndarray, outfits: np.ndarray
) -> dict[str, Any]:
    """A batch of given user rows and candidates `(rows, candidates, slots)`."""
    drawn = {
        "user": tf.constant(data.user_index[users]),
        "outfits": tf.constant(outfits, tf.int32),
    }
    dataset = tf.data.Dataset.from_tensors(drawn)
    dataset = dataset.map(distinct_items).map(content_reader(data))
    batch: dict[str, Any] = next(iter(dataset))
    return batch


def weights_of(model: Any) -> list[np.ndarray]:
    return [weight.numpy().copy() for weight in model.weights]


def copy_shop(data: OutfitData, folder: Path) -> None:
    """Writes tables and photos of a shop, decoded photos left out."""
    assert data.photo_root is not None
    shutil.copytree(
        data.photo_root, folder, ignore=shutil.ignore_patterns(".fndrec")
    )
    write_csv(data, folder)
