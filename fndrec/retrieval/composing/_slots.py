"""Which items may stand in which slot of an outfit."""

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
    data: OutfitData, ids: Collection[str], argument: str, once: bool = False
) -> IntArray:
    """Rows of items.

    Args:
        data: The data set.
        ids: Ids of items.
        argument: Name of the argument, for errors.
        once: Whether each should stand there once.

    Returns:
        int32 array `(ids,)`.

    Raises:
        DataError: If an id is not known, or stands there twice and should not.
    """
    names = list(checks.ids(argument, ids))
    rows = data.items.rows(names) if names else np.zeros(0, np.int32)
    for place, row in enumerate(rows):
        if row < 0:
            raise DataError(
                f"`{argument}` should name items of {data.name}. "
                f"Received: {names[place]!r}, which is none of its items"
            )
        if once and row in rows[:place]:
            raise DataError(
                f"`{argument}` should name each item once. "
                f"Received: {names[place]!r} twice"
            )
    return rows


def slot_items(data: OutfitData, entry: str | None, argument: str) -> BoolArray:
    """Which items a category, or a group, or none of both asks for.

    Args:
        data: The data set.
        entry: Name of a category, or else of a group; `None` for any item.
        argument: Name of the argument, for errors.

    Returns:
        bool array `(items,)`.

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
        f"{data.name}, or be None for any. Its categories: {categories}, its "
        f"groups: {groups}. Received: {entry!r}"
    )


def allowed_items(
    data: OutfitData, limits: Sequence[Limit], banned: IntArray
) -> BoolArray:
    """Which items may be added at all.

    Args:
        data: The data set.
        limits: The limits.
        banned: Rows of items that may not.

    Returns:
        bool array `(items,)`.

    Raises:
        ValueError: If a limit has another number of values than there are
            items.
    """
    allowed = np.ones(data.num_items, bool)
    allowed[banned] = False
    for limit in limits:
        if len(limit.values) != data.num_items:
            raise ValueError(
                f"`values` of the limit {limit.name!r} should be one for "
                f"each of the {data.num_items} items of {data.name}. "
                f"Received: {len(limit.values)} values"
            )
        allowed &= passes(limit)
    return allowed


def passes(limit: Limit) -> BoolArray:
    """Which items a limit lets through, each looked at alone."""
    if limit.of == "sum":
        return np.isfinite(limit.values)
    inside = (limit.values >= limit.least) & (limit.values <= limit.most)
    return inside & np.isfinite(limit.values)


def check_items(
    data: OutfitData, rows: IntArray, limits: Sequence[Limit], argument: str
) -> None:
    """Raises if items that are asked for break a limit on their own.

    Args:
        data: The data set.
        rows: Rows of the items.
        limits: The limits.
        argument: Name of the argument that asks for them.

    Raises:
        DataError: If one does.
    """
    for limit in limits:
        kept = passes(limit)
        for row in rows:
            if not kept[row]:
                raise DataError(
                    f"The items of `{argument}` should keep the limit "
                    f"{limit}. Received: {data.items[int(row)]!r}, of "
                    f"{limit.values[row]:g}"
                )


def assign(accepted: Sequence[Sequence[int]]) -> list[int] | None:
    """Gives each item a slot of its own.

    Args:
        accepted: For each item the slots that take it, those preferred first.

    Returns:
        A slot an item; `None` if they cannot all stand.
    """
    taken: list[int] = []

    def place(item: int) -> bool:
        if item == len(accepted):
            return True
        for slot in accepted[item]:
            if slot not in taken:
                taken.append(slot)
                if place(item + 1):
                    return True
                taken.pop()
        return False

    return taken if place(0) else None
