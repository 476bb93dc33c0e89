"""A tiny shop that the tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers would get in each other's way. Read when TensorFlow is imported.
    # More graphs than one: a server that is tested answers while one waits.
    for name, threads in (("INTRAOP", "1"), ("INTEROP", "4")):
        os.environ.setdefault(f"TF_NUM_{name}_THREADS", threads)

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from PIL import Image
from tiny_models import tiny_teacher

from fndrec import export
from fndrec.data import OutfitData, from_tables
from fndrec.models import FNDTeacher
from fndrec.serving import Server

NUM_USERS = 12
NUM_ITEMS = 40
NUM_OUTFITS = 60
CATEGORIES = ("bottom", "hat", "shoe", "top")


def make_tiny_data(photo_root: Path | None = None) -> OutfitData:
    """12 users, 40 items in 4 categories, 60 outfits of 1 to 4 items.

    The last user and the last outfits, with the last items in them, are
    liked in valid only.
    """
    rng = np.random.default_rng(0)
    rows = range(NUM_ITEMS)
    items: dict[str, Any] = {
        "item_id": [f"item{row}" for row in rows],
        "category": [CATEGORIES[row % len(CATEGORIES)] for row in rows],
        "feature": rng.normal(size=(NUM_ITEMS, 6)).astype("float32").tolist(),
    }
    if photo_root is not None:
        items["image"] = [f"{row}.png" for row in rows]
        for row in rows:
            Image.fromarray(_photo(row)).save(photo_root / f"{row}.png")
    cold = NUM_OUTFITS - 10
    sets = [
        rng.choice(
            NUM_ITEMS if outfit >= cold else NUM_ITEMS - 4,
            1 + outfit % 4,
            replace=False,
        )
        for outfit in range(NUM_OUTFITS)
    ]
    users = np.arange(NUM_OUTFITS * 2) % (NUM_USERS - 1)
    train = [(users[i], i % cold) for i in range(2 * cold)]
    valid = [(i % NUM_USERS, cold + i % 10) for i in range(2 * NUM_USERS)]

    def likes(pairs: list[tuple[int, int]]) -> pa.Table:
        return pa.table(
            {
                "user_id": [f"user{user}" for user, _ in pairs],
                "outfit_id": [f"outfit{outfit}" for _, outfit in pairs],
            }
        )

    return from_tables(
        pa.table(items),
        pa.table(
            {
                "outfit_id": [f"outfit{i}" for i in range(NUM_OUTFITS)],
                "item_ids": [[f"item{j}" for j in items] for items in sets],
            }
        ),
        {"train": likes(train), "valid": likes(sorted(set(valid)))},
        photo_root=photo_root,
    )


def _photo(row: int) -> np.ndarray:
    """The 16 x 16 photo of an item: no two are alike, nor symmetric."""
    rng = np.random.default_rng(row)
    return rng.integers(0, 256, (16, 16, 3)).astype("uint8")


@pytest.fixture(scope="session")
def tiny_data() -> OutfitData:
    return make_tiny_data()


@pytest.fixture(scope="session")
def tiny_photo_data(tmp_path_factory: pytest.TempPathFactory) -> OutfitData:
    return make_tiny_data(tmp_path_factory.mktemp("shop")).with_photos(16)


@pytest.fixture(scope="session")
def exported_model(tiny_photo_data: OutfitData) -> FNDTeacher:
    """A model that looks at all there is, its averages not those of birth."""
    model = tiny_teacher(tiny_photo_data, use_id=True)
    rng = np.random.default_rng(0)
    for weight in model.non_trainable_weights:
        if weight.dtype == "float32":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    # Users start near one another.
    table = model.user_embedding.embedding.embeddings
    table.assign(rng.normal(size=table.shape))
    return model


@pytest.fixture(scope="session")
def exported(
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of the version."""
    path = tmp_path_factory.mktemp("export") / "new"
    return export(exported_model, path, tiny_photo_data)


@pytest.fixture(scope="session")
def loaded(exported: Path) -> Any:
    return tf.saved_model.load(exported)


@pytest.fixture(scope="session")
def server_of_export(exported: Path) -> Iterator[Server]:
    with Server(exported.parent, port=0, grpc_port=0) as server:
        yield server
