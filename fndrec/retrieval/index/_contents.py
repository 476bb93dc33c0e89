"""What an index knows of the items of its outfits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from fndrec import checks
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.retrieval.index._growing import GrowingArray
from fndrec.retrieval.index._mutable_vocabulary import MutableVocabulary
from fndrec.retrieval.index.outfit_filter import OutfitFilter

NO_CATEGORY = -1


class Contents:
    """The items of outfits, their categories, and which are in stock.

    Args:
        items: Ids of the items.
        categories: MutableVocabulary of the categories.
        outfit_items: int32 `(outfits, slots)`: rows of `items`, -1 padding.
        item_category: int32 `(items,)`: rows of `categories`, -1 if unknown.
        in_stock: bool `(items,)`.
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
    def unknown(cls, outfits: int) -> Contents:
        """Knows no item of a number of outfits."""
        return cls(
            MutableVocabulary([]),
            MutableVocabulary([]),
            np.full((outfits, 1), -1, np.int32),
            np.zeros(0, np.int32),
            np.zeros(0, bool),
        )

    @classmethod
    def of_data(cls, data: OutfitData) -> Contents:
        """Knows all items of a data set, all in stock."""
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
        """Gives outfits their items; items never seen are added, in stock.

        Args:
            rows: Rows of the outfits.
            outfits: Ids of the items of each.
            categories: Category of items by id, where known.
        """
        names = dict.fromkeys(name for ids in outfits for name in ids)
        added = self.items.append(self.items.unknown(names))
        self.item_category.put(added, NO_CATEGORY)
        self.in_stock.put(added, True)
        told = [name for name in names if name in categories]
        kinds = dict.fromkeys(categories[name] for name in told)
        self.categories.append(self.categories.unknown(kinds))
        self.item_category.put(
            self.items.rows(told),
            self.categories.rows(categories[name] for name in told),
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
        """Ids of the items of an outfit."""
        items = self.outfit_items.array[row]
        return tuple(self.items.take(items[items >= 0]))

    def known_items(self, argument: str, ids: Sequence[str]) -> np.ndarray:
        """Rows of items, all of which must be known."""
        return known(self.items, argument, ids, "items of the index")

    def allowed(self, where: OutfitFilter, present: np.ndarray) -> np.ndarray:
        """Which outfits have the items that a filter asks for.

        Args:
            where: The filter.
            present: bool `(outfits,)`: which outfits there are.

        Returns:
            bool `(outfits,)`.

        Raises:
            DataError: If an item or a category is not known, or no outfit
                has a category.
        """
        mask = present.copy()
        outfits = self.outfit_items.array
        slots = list(outfits.T)
        for item in self.known_items("contains", where.contains):
            found = slots[0] == item
            for slot in slots[1:]:
                found |= slot == item
            mask &= found
        # One more item stands for the empty slot, which is always fine.
        fine = np.ones(len(self.items) + 1, bool)
        fine[self.known_items("exclude_items", where.exclude_items)] = False
        if where.in_stock:
            fine[:-1] &= self.in_stock.array
        if where.categories:
            asked = known(
                self.categories,
                "categories",
                where.categories,
                "categories of the index",
            )
            self._check_occur(asked, present)
            mask &= slots[0] >= 0
            fine[:-1] &= np.isin(self.item_category.array, asked)
        if not fine.all():
            for slot in slots:
                mask &= fine[slot]
        return mask

    def _check_occur(self, categories: np.ndarray, present: np.ndarray) -> None:
        used = np.unique(self.outfit_items.array[present])
        kinds = self.item_category.array[used[used >= 0]]
        for row in categories[~np.isin(categories, kinds)]:
            raise DataError(
                "`categories` should be categories of some outfit of the "
                f"index. Received: {self.categories[int(row)]!r}, which no "
                "outfit has an item of"
            )


def known(
    names: MutableVocabulary, argument: str, ids: Collection[str], what: str
) -> np.ndarray:
    """Rows of ids, all of which must be known.

    Raises:
        DataError: If one is not.
    """
    ids = list(checks.ids(argument, ids))
    rows = names.rows(ids)
    if (rows < 0).any():
        raise DataError(
            f"`{argument}` should name {what}. Received: "
            f"{ids[int(np.argmax(rows < 0))]!r}, which is none of them"
        )
    return rows
