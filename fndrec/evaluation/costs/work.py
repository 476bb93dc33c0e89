"""Workloads of fixed size, for measuring costs."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender

# Items of the outfits that costs are stated for.
OUTFIT_ITEMS = 4


@dataclasses.dataclass(frozen=True)
class Work:
    """A function with its inputs.

    Attributes:
        function: The function, of tensors or dictionaries of them.
        inputs: Its inputs.

    Example:

    >>> item_work(model, data, 32).traced()().shape
    (32, 64)
    """

    function: Callable[..., Any]
    inputs: tuple[Any, ...]

    def traced(self) -> Callable[[], np.ndarray]:
        """Compiles the workload to a graph. A call blocks until it is done."""

        # A function of the inputs alone, without arguments that have defaults.
        def run(*inputs: Any) -> Any:
            return self.function(*inputs)

        graph = tf.function(run).get_concrete_function(*self.inputs)
        return lambda: graph(*self.inputs).numpy()


def item_work(model: OutfitRecommender, data: OutfitData, items: int) -> Work:
    """The workload of embedding items.

    Args:
        model: The model.
        data: The data set, as the model sees it.
        items: How many items, the first of the data set.

    Returns:
        The work.
    """
    content = item_content(model, data, np.arange(items) % data.num_items)
    return Work(
        model.encode_items,
        ({key: tf.constant(value) for key, value in content.items()},),
    )


def item_content(
    model: OutfitRecommender, data: OutfitData, rows: np.ndarray
) -> dict[str, np.ndarray]:
    """Returns the content of some items that the model uses."""
    return data.content(rows, model.item_tower.towers.keys())


def outfit_work(model: OutfitRecommender, outfits: int) -> Work:
    """The workload of scoring one user's candidates from item vectors.

    No item stands in two outfits, so that `n` outfits are `n` times the work
    of one.

    Args:
        model: The model.
        outfits: How many outfits, of 4 items each.

    Returns:
        The work.
    """
    size = outfits * OUTFIT_ITEMS
    # What the numbers are changes no cost.
    vectors = np.random.default_rng(0).normal(size=(size, model.item_tower.dim))
    sets = np.arange(size, dtype=np.int32).reshape(1, outfits, OUTFIT_ITEMS)

    def score(user: Any, vectors: Any, sets: Any) -> Any:
        return model.score(user, model.encode_outfits(vectors, sets))

    return Work(
        score,
        (
            tf.convert_to_tensor(model.encode_users(np.zeros(1, np.int32))),
            tf.constant(vectors, tf.float32),
            tf.constant(sets),
        ),
    )
