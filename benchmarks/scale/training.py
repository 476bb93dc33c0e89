"""Core-seconds of a training step."""

import functools
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.common.generated import outfit_data, with_noise
from benchmarks.scale.law import Point
from fndrec import FNDTeacher, OutfitData
from fndrec.layers import UserEmbedding

IMAGE_SIZE = 64
DIM = 64
NEGATIVES = 4
# Likes in a batch, items in the catalogue, users, and whether held out. Few
# items tell what a like costs beside its items, many users what a row does.
SETTINGS = (
    (16, 1000, 500, False),
    (64, 60, 500, False),
    (64, 4000, 500, False),
    (128, 600, 500, False),
    (256, 60, 500, False),
    (1024, 60, 500, False),
    (32, 300, 300_000, False),
    (96, 1500, 500, True),
    (192, 240, 500, True),
    (48, 600, 150_000, True),
    (768, 60, 500, True),
)


def core_seconds(run: Any, rounds: int) -> float:
    """The median time that all threads of this process take for it.

    Other processes of a shared machine take time on the clock, not this.
    """
    found = []
    for at in range(rounds + 2):
        started = time.process_time()
        run()
        if at >= 2:
            found.append(time.process_time() - started)
    return float(np.median(found))


def points(folder: Path, rounds: int) -> list[Point]:
    """Measures steps of the default teacher on photos.

    Args:
        folder: Where photos are kept.
        rounds: Steps of each setting.

    Returns:
        A point a setting.
    """
    found = []
    steps: dict[int, Any] = {}
    for likes, items, users, held_out in SETTINGS:
        data = with_noise(
            outfit_data(items=items, likes=1100, valid=1),
            folder,
            IMAGE_SIZE,
        )
        batch = next(iter(data.batches("train", likes, negatives=NEGATIVES)))
        if users not in steps:
            steps = {users: _step(data, users)}
        run = functools.partial(steps[users], batch)
        seconds = core_seconds(run, rounds)
        distinct = len(batch["items"]["row"])
        found.append(
            Point(
                f"{likes} likes, {distinct} items, {users:,} users",
                {
                    "step": 1.0,
                    "item": float(distinct),
                    "like": float(likes),
                    "pair": float(likes) ** 2,
                    "row": float(users),
                },
                seconds,
                held_out,
            )
        )
        print(found[-1], flush=True)
    return found


def _step(data: OutfitData, users: int) -> Any:
    """The training step of a teacher of so many users."""
    parts = FNDTeacher.parts_for(data, dim=DIM, width=0.25)
    parts["user_embedding"] = UserEmbedding(users, DIM)
    model = FNDTeacher(**parts)
    model.compile(keras.optimizers.AdamW(1e-3))
    model.optimizer.build(model.trainable_variables)
    return tf.function(model.train_step, reduce_retracing=True, autograph=False)
