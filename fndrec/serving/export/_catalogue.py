"""Items and outfits of a shop, baked into a SavedModel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.checks import ids
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender
from fndrec.serving.export._lookup import lookup_table

# Codes of item categories; a known category is its row plus FIRST_CATEGORY.
NO_ITEM, UNKNOWN_CATEGORY, FIRST_CATEGORY = 0, 1, 2


class Catalogue(tf.Module):
    """The vectors of a shop's items and outfits, with their ids.

    Args:
        model: The model.
        data: The data set.
        index: Ids of the outfits to recommend from; all by default.
        folder: Folder for the files of the ids.

    Raises:
        ValueError: If `index` is empty.
        DataError: If `index` names an unknown outfit or one twice, or `data`
            lacks what the model looks at.
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
        # Ids for examples: the items of the first outfit.
        self.example_items = data.items.take(sets[0][sets[0] >= 0])
        self.example_outfits = names[:2]
        self.example_category = (
            None if data.categories is None else data.categories[0]
        )
        # The category of the first of these.
        self.example_wanted = (
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
        # Variables, as constants would be written into every graph.
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
        # The items of a category are one slice of this; so are all items.
        order, start = _by_category(data)
        self.items_by_category = tf.Variable(order, trainable=False)
        self.category_start = tf.Variable(start, trainable=False)


def taken(variable: Any, rows: Any) -> Any:
    """Rows of a variable of the catalogue.

    The variable is read before, which copies nothing. TensorFlow's gather
    from a variable itself would have it copied as a whole, at each later read
    by any signature (`copy_on_read_mode`): 256 MB for a million outfits.

    Args:
        variable: The variable.
        rows: int32 of any shape.

    Returns:
        `(*rows.shape, *variable.shape[1:])`.
    """
    return tf.gather(tf.convert_to_tensor(variable), rows)


def index_rows(data: OutfitData, index: Sequence[str] | None) -> np.ndarray:
    """Rows of the outfits of an index.

    Args:
        data: The data set.
        index: Ids of outfits; all outfits of `data` by default.

    Returns:
        int32 array `(outfits,)`.

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
    """Codes of the categories `(outfits, slots)` of the items of outfits."""
    if data.item_category is None:
        codes = np.full(sets.shape, UNKNOWN_CATEGORY, np.int32)
    else:
        rows = data.item_category[np.maximum(sets, 0)]
        codes = np.where(rows < 0, UNKNOWN_CATEGORY, rows + FIRST_CATEGORY)
    return np.where(sets < 0, NO_ITEM, codes).astype(np.int32)


def _by_category(data: OutfitData) -> tuple[np.ndarray, np.ndarray]:
    """Item rows in the order of their categories.

    Args:
        data: The data set.

    Returns:
        int32 `(items,)`, and int32 `(categories + 1,)`: where the items of
        each category start, and where the last ones end.
    """
    if data.categories is None or data.item_category is None:
        rows = np.arange(data.num_items, dtype=np.int32)
        return rows, np.zeros(1, np.int32)
    order = np.argsort(data.item_category, kind="stable")
    start = np.searchsorted(
        data.item_category[order], np.arange(len(data.categories) + 1)
    )
    return order.astype(np.int32), start.astype(np.int32)
