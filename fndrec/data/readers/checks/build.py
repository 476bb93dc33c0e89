"""Builds an `OutfitData` from tables, after checking all rows."""

from __future__ import annotations

import pyarrow as pa

from fndrec.checks import one_of, positive_int
from fndrec.data.outfit_data import IntArray, OnError, OutfitData
from fndrec.data.readers.checks.groups import infer_groups
from fndrec.data.readers.checks.item_rows import check_items
from fndrec.data.readers.checks.like_rows import check_likes
from fndrec.data.readers.checks.outfit_rows import check_outfits
from fndrec.data.readers.checks.source import Source
from fndrec.data.vocabulary import Vocabulary


def check_arguments(on_error: str, max_slots: int) -> None:
    """Checks the arguments that all readers share.

    Raises:
        ValueError: If one of them is out of its range.
    """
    one_of("on_error", on_error, ("raise", "drop"))
    positive_int("max_slots", max_slots)


def build(source: Source, on_error: OnError, max_slots: int) -> OutfitData:
    """Checks all rows and returns the data as arrays.

    Args:
        source: The tables as read.
        on_error: "raise" raises at the first unusable row, "drop" drops such
            rows.
        max_slots: Most items that an outfit may have.

    Raises:
        DataError: If a row cannot be used (with `on_error="raise"`), or no
            train like is left.
    """
    items = check_items(source, on_error)
    outfits, outfit_items = check_outfits(
        source, items.ids, on_error, max_slots
    )
    users, splits = check_likes(source, outfits, on_error)
    categories, item_category = _encoded(items.category)
    groups, item_group = _encoded(items.group)
    if item_group is None:
        item_group = infer_groups(len(items.ids), outfit_items, item_category)
    return OutfitData(
        users=users,
        items=items.ids,
        outfits=outfits,
        outfit_items=outfit_items,
        splits=splits,
        categories=categories,
        item_category=item_category,
        item_group=item_group,
        groups=groups,
        features=items.features,
        photos=items.photos,
        photo_root=None if items.photos is None else source.photo_root,
        name=source.name,
    )


def _encoded(
    names: pa.StringArray | None,
) -> tuple[Vocabulary | None, IntArray | None]:
    if names is None:
        return None, None
    distinct = Vocabulary(sorted(names.unique().to_pylist()))
    return distinct, distinct.rows(names)
