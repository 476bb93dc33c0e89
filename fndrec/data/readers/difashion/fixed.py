"""The fixed candidates of data sets in the layout of DiFashion."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.item_sets import distinct_items_of
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.fixed_rows import FixedSource, fixed_candidates
from fndrec.data.readers.checks.row_checks import RowChecks
from fndrec.data.readers.difashion.files import (
    SPLIT_FILES,
    load_liked,
    load_names,
    whole,
)
from fndrec.errors import DataError


def read_difashion_fixed(
    folder: str | os.PathLike[str],
    data: OutfitData,
    on_error: OnError = "raise",
    *,
    allow_pickle: bool = False,
) -> dict[str, FixedCandidates]:
    """Reads `fitb_*_retrieval_candidates.npy`, see `read_fixed`.

    The first candidate is the item that has been removed from the outfit.

    Args:
        folder: As in `read_difashion`.
        data: The data set that `read_difashion` read there.
        on_error: "drop" drops unusable questions.
        allow_pickle: As in `read_difashion`.

    Raises:
        DataError: If a file cannot be read or does not match the outfits.
    """
    root = Path(folder)
    candidates = {}
    for split in ("valid", "test"):
        path = root / f"fitb_{split}_retrieval_candidates.npy"
        if path.exists():
            candidates[f"fitb_{split}"] = fixed_candidates(
                _blanks(root, path, split, allow_pickle, on_error),
                data,
                on_error,
            )
    return candidates


def _blanks(
    root: Path, path: Path, split: str, allow_pickle: bool, on_error: OnError
) -> FixedSource:
    loaded = load_names(root, [path.name], allow_pickle)
    assert loaded is not None
    liked = load_liked(root / SPLIT_FILES[split], allow_pickle)
    items_by_outfit = dict(zip(liked.outfit, liked.items, strict=True))
    users: list[int] = []
    outfits: list[int] = []
    choices: list[list[int]] = []
    for user, questions in loaded[1].items():
        if not isinstance(questions, Mapping):
            raise DataError(
                f"{path}, user {user}: outfits with their candidates were "
                f"expected. Received: {type(questions).__name__}"
            )
        for outfit, items in questions.items():
            what = f"{path}, user {user}, outfit {outfit}"
            users.append(user)
            outfits.append(whole(outfit, what))
            choices.append([whole(item, what) for item in items])

    def place(row: int) -> str:
        return f"{path}, user {users[row]}, outfit {outfits[row]}"

    counts = np.array([len(items) for items in choices], int)
    count = max(int(counts[0]), 2) if len(counts) else 2
    checks = RowChecks(
        str(path),
        len(users),
        on_error,
        place,
    )
    checks.reject(
        counts != count,
        "candidates",
        f"should be {count}, as in the first question",
        lambda row: choices[row],
    )
    filled = [items_by_outfit.get(outfit, []) for outfit in outfits]
    checks.reject(
        np.array([not items for items in filled], bool),
        "outfit",
        f"should be an outfit of {SPLIT_FILES[split]}",
        lambda row: outfits[row],
    )
    checks.reject(
        np.array(
            [
                bool(candidates) and candidates[0] not in items
                for candidates, items in zip(choices, filled, strict=True)
            ],
            bool,
        ),
        "candidates",
        "should begin with an item of the outfit",
        lambda row: choices[row][0],
    )
    rows = np.flatnonzero(checks.keep).tolist()
    width = max((len(filled[row]) for row in rows), default=1)
    candidates = np.full((len(rows), count, width), -1, np.int64)
    for question, row in enumerate(rows):
        items = filled[row]
        candidates[question, :, : len(items)] = items
        slot = items.index(choices[row][0])
        candidates[question, :, slot] = choices[row]
    item_ids, (positions,) = distinct_items_of(candidates)
    return FixedSource(
        source=str(path),
        kind="blanks",
        users=pa.array([str(users[row]) for row in rows], pa.string()),
        item_ids=pa.array(item_ids.astype(str), pa.string()),
        outfits=positions,
        place=lambda row: place(rows[row]),
    )
