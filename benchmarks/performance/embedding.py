"""A catalogue embedded by the public call, and by the bare tower."""

import functools
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.common.generated import outfit_data, with_noise
from benchmarks.common.report import Section
from benchmarks.performance.harness import Case, measure
from benchmarks.performance.table import record, section
from fndrec import FNDStudent, FNDTeacher

IMAGE_SIZE = 64


def run(folder: Path, quick: bool) -> tuple[list[Section], dict[str, Any]]:
    """Times `embed_items`.

    Args:
        folder: Where photos are kept.
        quick: Whether to do little.

    Returns:
        Tables, and what is in them as data.
    """
    items = 1000 if quick else 4000
    data = with_noise(outfit_data(items=items, likes=500), folder, IMAGE_SIZE)
    assert data.store is not None
    images = data.store.gather(np.arange(len(data.store)))
    sections, records = [], []
    for kind in (FNDTeacher, FNDStudent):
        model = kind.from_data(data)
        tower = bare(model)
        timings = measure(
            [
                Case(
                    "`predict` of the tower, photos in memory",
                    functools.partial(
                        tower.predict, images, batch_size=256, verbose=0
                    ),
                ),
                Case(
                    "`embed_items`, photos from the store",
                    functools.partial(model.embed_items, data),
                ),
            ],
            3 if quick else 9,
            warm_up=1,
        )
        title = f"{items:,} items embedded by the {kind.__name__}"
        sections.append(
            section(title, "Both in batches of 256, no XLA.", timings)
        )
        records.append(record(title, timings, items=items))
    return sections, {"embedding": records}


def bare(model: Any) -> Any:
    """The tower of the photos as a Keras model, compiled for `predict`."""
    inputs = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3), dtype="uint8")
    tower = keras.Model(inputs, model.item_tower.towers["image"](inputs))
    tower.compile(jit_compile=False)
    return tower
