"""The items and outfits of a shop, baked into a SavedModel."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from fndrec.checks import ids
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender
from fndrec.serving.export._lookup import lookup_table

# Codes of item categories. The code of a known category is its row plus
# FIRST_CATEGORY.
NO_ITEM, UNKNOWN_CATEGORY, FIRST_CATEGORY = 0, 1, 2


class Catalogue(tf.Module):
    """The vectors and ids of a shop's items and outfits.

    Args:
        model: The model.
        data: The data set.
        index: Ids of the outfits to recommend from; all by default.
        folder: Folder for the id files.

    Raises:
        ValueError: If `index` is empty.
        DataError: If `index` names an unknown outfit or one twice, or `data`
            lacks an input of the model.
    """

    def __init__(
        self,
        model: OutfitRecommender,
        data: OutfitData,
        index: Sequence[str] | None,
        folder: Path,
    ) -> None:
        super().__init__(name="catalogue")
        assert model.vocabulary is not None
        data = data.with_vocabulary(model.vocabulary)
        rows = index_rows(data, index)
        items = model.embed_items(data)
        sets = data.outfit_items[rows]
        names = data.outfits.take(rows)
        self.num_outfits = len(rows)
        self.num_items = data.num_items
        # For the examples: the items of the first outfit.
        self.example_items = data.items.take(sets[0][sets[0] >= 0])
        self.example_outfits = names[:2]
        self.example_category = (
            None if data.categories is None else data.categories[0]
        )
        # The category of the first item of the first outfit.
        self.example_first_category = (
            ""
            if data.categories is None or data.item_category is None
            else data.categories[int(data.item_category[sets[0][0]])]
        )
        self.items = lookup_table(data.items, folder / "catalogue_items.txt")
        self.outfits = lookup_table(
            type(data.outfits)(names), folder / "catalogue_outfits.txt"
        )
        self.categories = (
            None
            if data.categories is None
            else lookup_table(
                data.categories, folder / "catalogue_categories.txt"
            )
        )
        # Variables, since constants would be copied into every graph.
        self.item_vectors = tf.Variable(items, trainable=False)
        self.outfit_vectors = tf.Variable(
            model.embed_outfits(items, sets), trainable=False
        )
        self.outfit_ids = tf.Variable(
            np.asarray(names, dtype=object), dtype=tf.string, trainable=False
        )
        self.outfit_categories = tf.Variable(
            _category_codes(data, sets), trainable=False
        )
        self.item_ids = tf.Variable(
            np.asarray(data.items.to_list(), dtype=object),
            dtype=tf.string,
            trainable=False,
        )
        # The items of a category are one slice of this variable.
        order, start = _by_category(data)
        self.items_by_category = tf.Variable(order, trainable=False)
        self.category_start = tf.Variable(start, trainable=False)


def gather_rows(variable: tf.Variable, rows: tf.Tensor) -> tf.Tensor:
    """Gathers rows of a variable without copying all of it.

    Reading the variable first copies nothing. Gathering from the variable
    itself would switch it to `copy_on_read_mode`: each later read by any
    signature would copy it as a whole, 256 MB for a million outfits.

    Args:
        variable: The variable.
        rows: Int32 rows of any shape.

    Returns:
        `(*rows.shape, *variable.shape[1:])`.
    """
    return tf.gather(tf.convert_to_tensor(variable), rows)


def index_rows(data: OutfitData, index: Sequence[str] | None) -> np.ndarray:
    """Returns the rows of the outfits to recommend from.

    Args:
        data: The data set.
        index: Ids of outfits; all outfits of `data` by default.

    Returns:
        Int32 array `(outfits,)`.

    Raises:
        ValueError: If `index` is empty.
        DataError: If it names an outfit twice, or one that is not in `data`.
    """
    if index is None:
        return np.arange(data.num_outfits, dtype=np.int32)
    names = list(ids("index", index))
    if not names:
        raise ValueError(
            "`index` should name one outfit or more. Received: an empty index"
        )
    rows = data.outfits.rows(names)
    if (rows < 0).any():
        name = names[int(np.argmax(rows < 0))]
        raise DataError(
            f"{data.name}: `index` should name outfits of the data. "
            f"Received: {name!r}, which is none of its outfits"
        )
    if len(np.unique(rows)) < len(rows):
        _, first = np.unique(rows, return_index=True)
        name = names[int(np.delete(np.arange(len(rows)), first)[0])]
        raise DataError(
            f"{data.name}: `index` should name each outfit once. Received: "
            f"{name!r} twice"
        )
    return rows


def _category_codes(data: OutfitData, sets: np.ndarray) -> np.ndarray:
    """Returns the category codes `(outfits, slots)` of the items of outfits."""
    if data.item_category is None:
        codes = np.full(sets.shape, UNKNOWN_CATEGORY, np.int32)
    else:
        rows = data.item_category[np.maximum(sets, 0)]
        codes = np.where(rows < 0, UNKNOWN_CATEGORY, rows + FIRST_CATEGORY)
    return np.where(sets < 0, NO_ITEM, codes).astype(np.int32)


def _by_category(data: OutfitData) -> tuple[np.ndarray, np.ndarray]:
    """Sorts item rows by category.

    Args:
        data: The data set.

    Returns:
        The item rows, int32 `(items,)`, and the start of each category's slice
        followed by the end of the last one, int32 `(categories + 1,)`.
    """
    if data.categories is None or data.item_category is None:
        rows = np.arange(data.num_items, dtype=np.int32)
        return rows, np.zeros(1, np.int32)
    order = np.argsort(data.item_category, kind="stable")
    start = np.searchsorted(
        data.item_category[order], np.arange(len(data.categories) + 1)
    )
    return order.astype(np.int32), start.astype(np.int32)
