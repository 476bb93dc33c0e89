"""Checks of the items table."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data.outfit_data import OnError
from fndrec.data.readers.checks.features import (
    FloatArray,
    feature_matrix,
    finite_features,
)
from fndrec.data.readers.checks.photo_paths import check_photos
from fndrec.data.readers.checks.row_checks import RowChecks, cell, to_bools
from fndrec.data.readers.checks.source import Source, is_lists
from fndrec.data.vocabulary import Vocabulary
from fndrec.errors import DataError


@dataclass(frozen=True)
class CheckedItems:
    """The usable items; absent columns are None."""

    ids: Vocabulary
    category: pa.StringArray | None
    group: pa.StringArray | None
    photos: pa.StringArray | None
    features: FloatArray | None


def check_items(source: Source, on_error: OnError) -> CheckedItems:
    """Checks the items table and returns the usable items.

    Raises:
        DataError: If a row cannot be used (with `on_error="raise"`).
    """
    table = source.items
    checks = RowChecks(table.source, table.num_rows, on_error, table.place)
    ids = table.text("item_id")
    checks.reject_bad_ids("item_id", ids)
    checks.reject_repeated("item_id", ids)
    if not is_lists(source.outfits.columns["item_ids"]):
        checks.reject(
            # Otherwise the item "a;b" would be read as items "a" and "b".
            to_bools(pc.match_substring(ids, ";")),
            "item_id",
            "should not contain `;`, which joins the ids in `item_ids`",
            cell(ids),
        )
    columns: dict[str, pa.StringArray] = {}
    for name in ("category", "group", "image"):
        if name in table.columns:
            columns[name] = table.text(name)
            if name == "category":
                checks.reject_bad_ids(name, columns[name])
            else:
                checks.reject_empty(name, columns[name])
    if "image" in columns:
        _check_photos(columns["image"], source, checks)
    features = source.features
    if "feature" in table.columns:
        features = feature_matrix(table.columns["feature"], checks)
    if features is not None:
        features = finite_features(features, checks, source.features_source)
        # Features are large, so they are only copied if necessary.
        if not checks.keep.all():
            features = features[checks.keep]
    kept = {name: checks.kept(values) for name, values in columns.items()}
    return CheckedItems(
        ids=Vocabulary(checks.kept(ids)),
        category=kept.get("category"),
        group=kept.get("group"),
        photos=kept.get("image"),
        features=features,
    )


def _check_photos(
    photos: pa.StringArray, source: Source, checks: RowChecks
) -> None:
    root = source.photo_root
    if root is None:
        raise DataError(
            f"{checks.source}: `photo_root` should be the folder of the "
            "photos, as there is a column `image`. Received: photo_root=None"
        )
    unsafe, missing = check_photos(photos, root)
    checks.reject(
        unsafe,
        "image",
        f"should be a relative path that stays in '{root}'",
        cell(photos),
    )
    checks.reject(
        missing, "image", f"should name a file in '{root}'", cell(photos)
    )
