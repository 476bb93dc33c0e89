"""The items of the outfits of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.retrieval.index._growing import GrowingArray
from fndrec.retrieval.index._mutable_vocabulary import MutableVocabulary
from fndrec.retrieval.index.outfit_filter import OutfitFilter

NO_CATEGORY = -1


class Contents:
    """The items of outfits, with their categories and stock.

    Args:
        items: Ids of the items.
        categories: Names of the categories.
        outfit_items: Int32 array `(outfits, slots)` of rows of `items`, -1
            padding.
        item_category: Int32 array `(items,)` of rows of `categories`, -1 where
            unknown.
        in_stock: Bool array `(items,)`.
    """

    def __init__(
        self,
        items: MutableVocabulary,
        categories: MutableVocabulary,
        outfit_items: np.ndarray,
        item_category: np.ndarray,
        in_stock: np.ndarray,
    ) -> None:
        self.items = items
        self.categories = categories
        self.outfit_items = GrowingArray(outfit_items)
        self.item_category = GrowingArray(item_category)
        self.in_stock = GrowingArray(in_stock)

    @classmethod
    def empty(cls, outfits: int) -> Contents:
        """Makes contents of outfits whose items are unknown."""
        return cls(
            MutableVocabulary([]),
            MutableVocabulary([]),
            np.full((outfits, 1), -1, np.int32),
            np.zeros(0, np.int32),
            np.zeros(0, bool),
        )

    @classmethod
    def of_data(cls, data: OutfitData) -> Contents:
        """Makes contents of a data set, all items in stock."""
        category = data.item_category
        return cls(
            MutableVocabulary(data.items.ids),
            MutableVocabulary(
                [] if data.categories is None else data.categories.ids
            ),
            data.outfit_items,
            np.full(data.num_items, NO_CATEGORY, np.int32)
            if category is None
            else category,
            np.ones(data.num_items, bool),
        )

    def put(
        self,
        rows: np.ndarray,
        outfits: Sequence[Sequence[str]],
        categories: Mapping[str, str],
    ) -> None:
        """Sets the items of outfits; new items are added, in stock.

        Args:
            rows: Rows of the outfits.
            outfits: Ids of the items of each outfit.
            categories: Categories by item id, where known.
        """
        names = dict.fromkeys(name for ids in outfits for name in ids)
        added = self.items.append_new(names)
        self.item_category.put(added, NO_CATEGORY)
        self.in_stock.put(added, True)
        categorized = [name for name in names if name in categories]
        labels = [categories[name] for name in categorized]
        self.categories.append_new(dict.fromkeys(labels))
        self.item_category.put(
            self.items.rows(categorized), self.categories.rows(labels)
        )
        table = self.outfit_items.array
        slots = max(table.shape[1], max(map(len, outfits), default=0))
        if slots > table.shape[1]:
            wider = np.full((len(table), slots), -1, np.int32)
            wider[:, : table.shape[1]] = table
            self.outfit_items = GrowingArray(wider)
        sets = np.full((len(outfits), slots), -1, np.int32)
        for row, ids in zip(sets, outfits, strict=True):
            row[: len(ids)] = self.items.rows(ids)
        self.outfit_items.put(rows, sets)

    def item_ids(self, row: int) -> tuple[str, ...]:
        """Returns the ids of the items of an outfit."""
        items = self.outfit_items.array[row]
        return tuple(self.items.take(items[items >= 0]))

    def item_rows(self, argument: str, ids: Sequence[str]) -> np.ndarray:
        """Returns the rows of items, all of which must be known."""
        return self.items.require_rows(argument, ids, "items of the index")

    def allowed(self, where: OutfitFilter, present: np.ndarray) -> np.ndarray:
        """Marks the outfits that meet a filter's conditions on items.

        Args:
            where: The filter.
            present: Bool array `(outfits,)`, true for the outfits in the index.

        Returns:
            Bool array `(outfits,)`.

        Raises:
            DataError: If an item or a category is unknown, or no outfit has an
                item of a category.
        """
        mask = present.copy()
        outfits = self.outfit_items.array
        slots = list(outfits.T)
        for item in self.item_rows("contains", where.contains):
            contains = slots[0] == item
            for slot in slots[1:]:
                contains |= slot == item
            mask &= contains
        # The last entry stands for an empty slot, which is always allowed.
        allowed = np.ones(len(self.items) + 1, bool)
        allowed[self.item_rows("exclude_items", where.exclude_items)] = False
        if where.in_stock:
            allowed[:-1] &= self.in_stock.array
        if where.categories:
            categories = self.categories.require_rows(
                "categories", where.categories, "categories of the index"
            )
            self._check_used(categories, present)
            mask &= slots[0] >= 0
            allowed[:-1] &= np.isin(self.item_category.array, categories)
        if not allowed.all():
            for slot in slots:
                mask &= allowed[slot]
        return mask

    def _check_used(self, categories: np.ndarray, present: np.ndarray) -> None:
        """Raises if a category has no item in an outfit of the index."""
        items = np.unique(self.outfit_items.array[present])
        used = self.item_category.array[items[items >= 0]]
        for row in categories[~np.isin(categories, used)]:
            raise DataError(
                "`categories` should be categories of some outfit of the "
                f"index. Received: {self.categories[int(row)]!r}, which no "
                "outfit has an item of"
            )
