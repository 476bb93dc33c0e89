"""Calls of exported signatures with NumPy arrays."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender


def call(signature: Any, **inputs: Any) -> dict[str, np.ndarray]:
    given = signature.structured_input_signature[1]
    assert given.keys() == inputs.keys()
    found = signature(
        **{k: tf.constant(v, given[k].dtype) for k, v in inputs.items()}
    )
    return {key: value.numpy() for key, value in found.items()}


def inputs_of(
    data: OutfitData, model: OutfitRecommender, outfits: np.ndarray
) -> dict[str, np.ndarray]:
    """The content of outfits `(batch, slots)` as `serving_default` takes it."""
    outfits = np.pad(outfits, ((0, 0), (0, 1)), constant_values=-1)
    rows = np.maximum(outfits, 0)
    inputs: dict[str, np.ndarray] = {
        "length": (outfits >= 0).sum(axis=1).astype(np.int32)
    }
    content = data.content(rows.ravel())
    for key in model.item_tower.towers.keys() & {"image", "feature"}:
        inputs[key] = content[key].reshape(*rows.shape, *content[key].shape[1:])
    if "category" in model.item_tower.towers:
        assert data.categories is not None
        assert data.item_category is not None
        names = np.array(data.categories.to_list(), object)
        inputs["category"] = names[data.item_category[rows]]
    if "id" in model.item_tower.towers:
        inputs["item_id"] = np.array(data.items.to_list(), object)[rows]
    return inputs


def item_inputs(data: OutfitData, rows: np.ndarray) -> dict[str, Any]:
    """Items as `embed_items` takes them, for a model that looks at all."""
    assert data.photos is not None
    assert data.photo_root is not None
    assert data.features is not None
    assert data.categories is not None
    assert data.item_category is not None
    return {
        "image_bytes": [
            (data.photo_root / data.photos[row].as_py()).read_bytes()
            for row in rows
        ],
        "feature": data.features[rows],
        "category": data.categories.take(data.item_category[rows]),
        "item_id": data.items.take(rows),
    }


def padded(
    lists: list[list[str]], width: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Ids padded to one width with an id that is known, and the lengths."""
    width = max([width, *map(len, lists)])
    ids = np.full((len(lists), width), lists[0][0], object)
    for row, names in enumerate(lists):
        ids[row, : len(names)] = names
    return ids, np.array([len(names) for names in lists], np.int32)
