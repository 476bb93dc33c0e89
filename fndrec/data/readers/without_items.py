"""A data set with some of its items left out."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from fndrec.data.readers.in_memory import read_tables
from fndrec.data.tables import OutfitData

logger = logging.getLogger("fndrec.data")

SHOWN = 10


def without_items(data: OutfitData, reasons: Mapping[int, str]) -> OutfitData:
    """Leaves out items, the outfits that use them, and likes of those.

    Args:
        data: The data set.
        reasons: Why, by row of the item; logged.

    Returns:
        The data set without them.
    """
    shown = "; ".join(list(reasons.values())[:SHOWN])
    more = "; ..." if len(reasons) > SHOWN else ""
    logger.warning(
        "Dropped %d items whose photo cannot be decoded: %s%s",
        len(reasons),
        shown,
        more,
    )
    keep = np.ones(data.num_items, bool)
    keep[list(reasons)] = False
    columns: dict[str, pa.Array] = {"item_id": data.items.ids}
    if data.categories is not None and data.item_category is not None:
        columns["category"] = pa.array(data.categories.take(data.item_category))
    if data.groups is not None:
        columns["group"] = pa.array(data.groups.take(data.item_group))
    if data.photos is not None:
        columns["image"] = data.photos
    if data.features is not None:
        columns["feature"] = pa.array(list(data.features))
    own = data.train_vocabulary().to_json_dict()
    foreign = data.vocabulary.to_json_dict() != own
    outfits = [data.outfit_item_ids(i) for i in range(data.num_outfits)]
    read = read_tables(
        pa.table(columns).filter(pa.array(keep)),
        pa.table({"outfit_id": data.outfits.ids, "item_ids": outfits}),
        {
            split: pa.table(
                {
                    "user_id": data.users.take(likes.user),
                    "outfit_id": data.outfits.take(likes.outfit),
                }
            )
            for split, likes in data.splits.items()
        },
        photo_root=data.photo_root,
        on_error="drop",
        max_slots=data.num_slots,
    )
    # What a model knows is not changed by what this data lacks.
    return dataclasses.replace(
        read,
        name=data.name,
        vocabulary=data.vocabulary if foreign else read.vocabulary,
    )
