"""The parts of a model that a device runs as separate functions."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender

# Number of items, outfits and users that converted parts are compared on.
SAMPLES = 1000


@dataclasses.dataclass(frozen=True)
class DevicePart:
    """One part of a model.

    Attributes:
        name: Name of its files, without suffix.
        function: Function from tensors in the order of `inputs` to embeddings.
        inputs: Specifications of the inputs; dimension 0 is the batch.
        samples: Arrays by input name on which results are compared.
    """

    name: str
    function: Callable[..., tf.Tensor]
    inputs: tuple[tf.TensorSpec, ...]
    samples: dict[str, np.ndarray]


def device_parts(
    model: OutfitRecommender, data: OutfitData
) -> list[DevicePart]:
    """Splits a model into item tower, aggregator and user table.

    Args:
        model: The model.
        data: The data set, aligned with the model.

    Returns:
        The parts.

    Raises:
        DataError: If `data` lacks an input of the model.
    """
    # Embeds no items, but raises if an input is missing.
    model.embed_items(data, np.zeros(0, np.int32))
    return [_item_tower(model, data), _aggregator(model, data), _users(model)]


def _item_tower(model: OutfitRecommender, data: OutfitData) -> DevicePart:
    rows = np.arange(min(SAMPLES, data.num_items), dtype=np.int32)
    keys = list(model.item_tower.towers)
    content = data.content(rows, keys)

    def function(*items: tf.Tensor) -> tf.Tensor:
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

    def function(item_embedding: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        order = tf.range(tf.shape(item_embedding)[0] * slots)
        present = tf.range(slots)[None, :] < length[:, None]
        return model.encode_outfits(
            tf.reshape(item_embedding, (-1, dim)),
            tf.where(present, tf.reshape(order, (-1, slots)), -1),
        )

    return DevicePart(
        name="aggregator",
        function=function,
        # LiteRT does not support two dynamic axes, so the slots are fixed.
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
