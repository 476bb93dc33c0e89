"""The parts of a model that a device runs, each a function of its own."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender

# Items, outfits and users that the converted parts are compared on.
SAMPLES = 1000


@dataclasses.dataclass(frozen=True)
class DevicePart:
    """One part of a model.

    Attributes:
        name: Name of its files.
        function: From tensors in the order of `inputs` to the embeddings.
        inputs: The inputs in order; the batch is dimension 0 of each.
        samples: Arrays by the names of the inputs, to compare results on.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[tf.TensorSpec, ...]
    samples: dict[str, np.ndarray]


def device_parts(
    model: OutfitRecommender, data: OutfitData
) -> list[DevicePart]:
    """Item tower, aggregator and table of users.

    Args:
        model: The model.
        data: The data set, as the model sees it.

    Returns:
        The parts.

    Raises:
        DataError: If `data` lacks what the model looks at.
    """
    # No items: only to find what is missing.
    model.embed_items(data, np.zeros(0, np.int32))
    return [_item_tower(model, data), _aggregator(model, data), _users(model)]


def _item_tower(model: OutfitRecommender, data: OutfitData) -> DevicePart:
    rows = np.arange(min(SAMPLES, data.num_items), dtype=np.int32)
    keys = list(model.item_tower.towers)
    content = data.content(rows, keys)

    def function(*items: Any) -> Any:
        return model.encode_items(dict(zip(keys, items, strict=True)))

    return DevicePart(
        name="item_tower",
        function=function,
        inputs=tuple(
            tf.TensorSpec((None, *content[k].shape[1:]), content[k].dtype, k)
            for k in keys
        ),
        samples={key: np.asarray(content[key]) for key in keys},
    )


def _aggregator(model: OutfitRecommender, data: OutfitData) -> DevicePart:
    sets = data.outfit_items[:SAMPLES]
    rows, positions = np.unique(np.maximum(sets, 0), return_inverse=True)
    vectors = model.embed_items(data, rows)[positions.reshape(sets.shape)]
    slots, dim = vectors.shape[1:]

    def function(item_embedding: Any, length: Any) -> Any:
        order = tf.range(tf.shape(item_embedding)[0] * slots)
        present = tf.range(slots)[None, :] < length[:, None]
        return model.encode_outfits(
            tf.reshape(item_embedding, (-1, dim)),
            tf.where(present, tf.reshape(order, (-1, slots)), -1),
        )

    return DevicePart(
        name="aggregator",
        function=function,
        # LiteRT has no shapes with two open axes: the slots are fixed.
        inputs=(
            tf.TensorSpec((None, slots, dim), tf.float32, "item_embedding"),
            tf.TensorSpec((None,), tf.int32, "length"),
        ),
        samples={
            "item_embedding": vectors,
            "length": (sets >= 0).sum(axis=1).astype(np.int32),
        },
    )


def _users(model: OutfitRecommender) -> DevicePart:
    assert model.vocabulary is not None
    count = min(SAMPLES, len(model.vocabulary.users) + 1)
    return DevicePart(
        name="users",
        function=model.encode_users,
        inputs=(tf.TensorSpec((None,), tf.int32, "user"),),
        samples={"user": np.arange(count, dtype=np.int32)},
    )
