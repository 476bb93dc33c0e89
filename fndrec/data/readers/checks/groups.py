"""Groups of items that may replace one another in a negative outfit."""

from __future__ import annotations

import numpy as np

from fndrec.data.outfit_data import IntArray

# Outfits count as having fixed slots (top, coat, bottom, shoe) from this share
# of item occurrences in the usual slot of their category.
_FIXED_SLOTS = 0.75


def infer_groups(
    num_items: int, outfit_items: IntArray, item_category: IntArray | None
) -> IntArray:
    """Infers the group of each item.

    The group is the usual slot of the item's category if outfits have fixed
    slots, else the category itself. Without categories, all items form one
    group. Outfits have fixed slots if all have the same number of items, two
    or more, and at least 75% of the item occurrences are in the most frequent
    slot of their category.

    Args:
        num_items: Number of items.
        outfit_items: int32 array `(outfits, slots)`, padded with -1.
        item_category: int32 array `(items,)` or None.

    Returns:
        int32 array `(items,)`.
    """
    if item_category is None:
        return np.zeros(num_items, np.int32)
    num_slots = outfit_items.shape[1]
    if num_slots < 2 or (outfit_items < 0).any():
        return item_category
    num_categories = int(item_category.max()) + 1
    cells = item_category[outfit_items] * num_slots + np.arange(num_slots)
    counts = np.bincount(
        cells.ravel(), minlength=num_categories * num_slots
    ).reshape(num_categories, num_slots)
    if counts.max(axis=1).sum() < _FIXED_SLOTS * counts.sum():
        return item_category
    group = counts.argmax(axis=1).astype(np.int32)
    # Categories in no outfit cannot replace one that is.
    group[counts.sum(axis=1) == 0] = num_slots
    return group[item_category]
