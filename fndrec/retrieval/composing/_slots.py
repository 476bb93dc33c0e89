"""The items that may fill the slots of an outfit."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from fndrec import checks
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.retrieval.composing.limit import Limit

IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


def item_rows(
    data: OutfitData,
    ids: Collection[str],
    argument: str,
    distinct: bool = False,
) -> IntArray:
    """Returns the rows of items.

    Args:
        data: The data set.
        ids: Ids of items.
        argument: Name of the argument, for errors.
        distinct: Whether to refuse duplicates.

    Returns:
        Int32 array `(ids,)`.

    Raises:
        DataError: If an id is unknown, or `distinct` and an id occurs twice.
    """
    names = list(checks.ids(argument, ids))
    rows = data.items.rows(names) if names else np.zeros(0, np.int32)
    for place, row in enumerate(rows):
        if row < 0:
            raise DataError(
                f"`{argument}` should name items of {data.name}. "
                f"Received: {names[place]!r}, which is none of its items"
            )
        if distinct and row in rows[:place]:
            raise DataError(
                f"`{argument}` should name each item once. "
                f"Received: {names[place]!r} twice"
            )
    return rows


def slot_items(data: OutfitData, entry: str | None, argument: str) -> BoolArray:
    """Returns the mask of the items of a category or group.

    Args:
        data: The data set.
        entry: Name of a category or, if there is none, of a group; `None` for
            all items.
        argument: Name of the argument, for errors.

    Returns:
        Bool array `(items,)`.

    Raises:
        DataError: If there is no such category or group.
    """
    if entry is None:
        return np.ones(data.num_items, bool)
    for names, rows in (
        (data.categories, data.item_category),
        (data.groups, data.item_group),
    ):
        if names is not None and rows is not None and entry in names:
            return rows == names.rows([entry])[0]
    categories = [] if data.categories is None else data.categories.to_list()
    groups = [] if data.groups is None else data.groups.to_list()
    raise DataError(
        f"`{argument}` should name a category or a group of the items of "
        f"{data.name}, or be None for any item. Categories: {categories}, "
        f"groups: {groups}. Received: {entry!r}"
    )


def allowed_items(
    data: OutfitData, limits: Sequence[Limit], excluded: IntArray
) -> BoolArray:
    """Returns the mask of the items that may be added to an outfit.

    Args:
        data: The data set.
        limits: The limits.
        excluded: Rows of items that may not be added.

    Returns:
        Bool array `(items,)`.

    Raises:
        ValueError: If a limit does not have one value per item.
    """
    allowed = np.ones(data.num_items, bool)
    allowed[excluded] = False
    for limit in limits:
        if len(limit.values) != data.num_items:
            raise ValueError(
                f"`values` of the limit {limit.name!r} should be one for "
                f"each of the {data.num_items} items of {data.name}. "
                f"Received: {len(limit.values)} values"
            )
        allowed &= _keeps(limit)
    return allowed


def _keeps(limit: Limit) -> BoolArray:
    """Returns the mask of the items that keep a limit on their own."""
    known = np.isfinite(limit.values)
    if limit.of == "sum":
        return known
    return known & (limit.values >= limit.least) & (limit.values <= limit.most)


def check_items(
    data: OutfitData, rows: IntArray, limits: Sequence[Limit], argument: str
) -> None:
    """Raises if a requested item breaks a limit on its own.

    Args:
        data: The data set.
        rows: Rows of the items.
        limits: The limits.
        argument: Name of the argument that requests them, for errors.

    Raises:
        DataError: If an item breaks a limit.
    """
    for limit in limits:
        keeps = _keeps(limit)
        for row in rows:
            if not keeps[row]:
                raise DataError(
                    f"The items of `{argument}` should keep the limit "
                    f"{limit}. Received: {data.items[int(row)]!r}, of "
                    f"{limit.values[row]:g}"
                )


def assign(accepted: Sequence[Sequence[int]]) -> list[int] | None:
    """Assigns each item to a different slot.

    Args:
        accepted: The slots that accept each item, preferred ones first.

    Returns:
        One slot per item, or `None` if there is no such assignment.
    """
    slots: list[int] = []

    def place(item: int) -> bool:
        if item == len(accepted):
            return True
        for slot in accepted[item]:
            if slot not in slots:
                slots.append(slot)
                if place(item + 1):
                    return True
                slots.pop()
        return False

    return slots if place(0) else None
