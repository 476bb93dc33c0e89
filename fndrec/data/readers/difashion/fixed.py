"""The blanks that a set in the layout of DiFashion comes with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.data.fixed_candidates import FixedCandidates
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
    """Reads `fitb_*_retrieval_candidates.npy`: see `read_fixed`.

    The true item, which stands first, is the one that the outfit lacks.

    Args:
        folder: As in `read_difashion`.
        data: What `read_difashion` read there.
        on_error: "drop" drops questions that cannot be used.
        allow_pickle: As in `read_difashion`.

    Raises:
        DataError: If a file cannot be read or does not fit the outfits.
    """
    root = Path(folder)
    found = {}
    for split in ("valid", "test"):
        path = root / f"fitb_{split}_retrieval_candidates.npy"
        if path.exists():
            found[f"fitb_{split}"] = fixed_candidates(
                _blanks(root, path, split, allow_pickle, on_error),
                data,
                on_error,
            )
    return found


def _blanks(
    root: Path, path: Path, split: str, allow_pickle: bool, on_error: OnError
) -> FixedSource:
    loaded = load_names(root, [path.name], allow_pickle)
    assert loaded is not None
    liked = load_liked(root / SPLIT_FILES[split], allow_pickle)
    outfit_of = dict(zip(liked.outfit, liked.items, strict=True))
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
            place = f"{path}, user {user}, outfit {outfit}"
            users.append(user)
            outfits.append(whole(outfit, place))
            choices.append([whole(item, place) for item in items])
    counts = np.array([len(items) for items in choices], int)
    count = max(int(counts[0]), 2) if len(counts) else 2
    checks = RowChecks(
        str(path),
        len(users),
        on_error,
        lambda row: f"{path}, user {users[row]}, outfit {outfits[row]}",
    )
    checks.reject(
        counts != count,
        "candidates",
        f"should be {count}, as the first are",
        lambda row: choices[row],
    )
    of = [outfit_of.get(outfit, []) for outfit in outfits]
    checks.reject(
        np.array([not items for items in of], bool),
        "outfit",
        f"should be an outfit of {SPLIT_FILES[split]}",
        lambda row: outfits[row],
    )
    checks.reject(
        np.array(
            [
                bool(these) and these[0] not in items
                for these, items in zip(choices, of, strict=True)
            ],
            bool,
        ),
        "candidates",
        "should begin with an item of the outfit",
        lambda row: choices[row][0],
    )
    rows = np.flatnonzero(checks.keep).tolist()
    width = max((len(of[row]) for row in rows), default=1)
    filled = np.full((len(rows), count, width), -1, np.int64)
    for number, row in enumerate(rows):
        items = of[row]
        filled[number, :, : len(items)] = items
        filled[number, :, items.index(choices[row][0])] = choices[row]
    distinct = np.unique(filled[filled >= 0])
    positions = np.searchsorted(distinct, filled)
    return FixedSource(
        source=str(path),
        kind="blanks",
        users=pa.array([str(users[row]) for row in rows], pa.string()),
        item_ids=pa.array(distinct.astype(str), pa.string()),
        outfits=np.where(filled < 0, -1, positions),
        place=lambda row: (
            f"{path}, user {users[rows[row]]}, outfit {outfits[rows[row]]}"
        ),
    )
