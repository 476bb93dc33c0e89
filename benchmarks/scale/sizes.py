"""Bytes of a user, an item and an outfit, on disk."""

from pathlib import Path

import keras
import numpy as np

from benchmarks.common.generated import outfit_data, with_noise
from benchmarks.scale.law import Point
from benchmarks.scale.training import DIM, IMAGE_SIZE
from fndrec import FNDTeacher, OutfitIndex
from fndrec.layers import UserEmbedding

ROWS = ((2_000, False), (16_000, False), (8_000, True))


def checkpoints(folder: Path) -> list[Point]:
    """Weights and optimizer of a teacher of so many users."""
    data = with_noise(
        outfit_data(items=60, likes=100, valid=1), folder, IMAGE_SIZE
    )
    found = []
    for users, held_out in ROWS:
        parts = FNDTeacher.parts_for(data, dim=DIM, width=0.25)
        parts["user_embedding"] = UserEmbedding(users, DIM)
        model = FNDTeacher(**parts)
        model.compile(keras.optimizers.AdamW(1e-3))
        model.optimizer.build(model.trainable_variables)
        path = folder / "state.weights.h5"
        model.save_weights(path)
        terms = {"model": 1.0, "user": float(users)}
        size = float(path.stat().st_size)
        found.append(Point(f"{users:,} users", terms, size, held_out))
    return found


def photos(folder: Path) -> list[Point]:
    """The store of decoded photos of 64 pixels."""
    found = []
    for items, held_out in ROWS:
        data = outfit_data(items=items, likes=10, valid=1)
        store = with_noise(data, folder, IMAGE_SIZE).store
        assert store is not None
        size = float(store.path.stat().st_size)
        found.append(
            Point(f"{items:,} items", {"item": float(items)}, size, held_out)
        )
    return found


def indexes(folder: Path) -> list[Point]:
    """An index of outfits of three items, with ids of ten letters."""
    rng = np.random.default_rng(0)
    found = []
    for outfits, held_out in ROWS:
        vectors = rng.normal(size=(outfits, DIM)).astype("float32")
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        drawn = rng.integers(0, outfits, (outfits, 3))
        drawn = np.sort(drawn, axis=1)
        index = OutfitIndex(
            vectors,
            [f"o{i:09d}" for i in range(outfits)],
            item_ids=[sorted({f"i{j:09d}" for j in row}) for row in drawn],
        )
        path = folder / f"index-{outfits}"
        index.save(path)
        size = float(sum(p.stat().st_size for p in path.glob("**/*")))
        terms = {"outfit": float(outfits)}
        found.append(Point(f"{outfits:,} outfits", terms, size, held_out))
    return found
