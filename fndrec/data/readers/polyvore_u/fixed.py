"""The candidates that Polyvore-U comes with."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.fixed_rows import FixedSource, fixed_candidates
from fndrec.data.readers.checks.source import placed
from fndrec.data.readers.polyvore_u.files import (
    TUPLES,
    PolyvoreUFiles,
    Tuples,
)
from fndrec.errors import DataError

BLANKS = "fill_in_blank_test"


def read_polyvore_u_fixed(
    folder: str | os.PathLike[str],
    data: OutfitData,
    on_error: OnError = "raise",
    *,
    variant: str | int | None = None,
) -> dict[str, FixedCandidates]:
    """Reads the negatives and the blanks of Polyvore-U: see `read_fixed`.

    `negatives_train`, `negatives_valid` and `negatives_test` from
    `tuples_*_nega`, `hard_train` and so on from `tuples_*_nega_hard` (other
    users' liked outfits), `fitb_test` from `fill_in_blank_test`; those that
    are there. The r-th of a user's negatives belongs to the user's like
    number `r // ratio`, as Fashion-Hash-Net reads them; there are `ratio`
    times as many negatives as likes.

    Args:
        folder: As in `read_polyvore_u`.
        data: What `read_polyvore_u` read there.
        on_error: "drop" drops rows that cannot be used.
        variant: As in `read_polyvore_u`.

    Raises:
        DataError: If a file cannot be read or does not fit the likes.
    """
    files = PolyvoreUFiles(
        Path(folder), None if variant is None else str(variant)
    )
    found: dict[str, FixedSource] = {}
    for split, stem in TUPLES.items():
        for kind, suffix in (("negatives", ""), ("hard", "_hard")):
            name = f"{stem}_nega{suffix}"
            if (files.tuples / name).exists():
                found[f"{kind}_{split}"] = _negatives(
                    files, f"{stem}_posi", name, on_error
                )
    if (files.tuples / BLANKS).exists():
        path = files.tuples / BLANKS
        tuples = files.read(BLANKS, on_error, repeats=None)
        found["fitb_test"] = _source(files, path, "blanks", tuples)
    return {
        name: fixed_candidates(source, data, on_error)
        for name, source in found.items()
    }


def _negatives(
    files: PolyvoreUFiles, liked_file: str, file: str, on_error: OnError
) -> FixedSource:
    liked = files.read(liked_file, on_error)
    against = files.read(file, on_error)
    path = files.tuples / file
    ratio, rest = divmod(len(against.user), max(len(liked.user), 1))
    likes_of, number = np.unique(liked.user, return_counts=True)
    negatives_of, received = np.unique(against.user, return_counts=True)
    if rest or not ratio or not np.array_equal(likes_of, negatives_of):
        raise DataError(
            f"{path}: a whole number of rows for each of the "
            f"{len(liked.user)} rows of {liked_file}, of the same users, was "
            f"expected. Received: {len(against.user)} rows"
        )
    uneven = np.flatnonzero(received != ratio * number)
    if len(uneven):
        user = uneven[0]
        raise DataError(
            f"{path}: {ratio} rows for each row of {liked_file} were "
            f"expected, {ratio * number[user]} of user {likes_of[user]}. "
            f"Received: {received[user]}"
        )
    # In the order of the users, of both: each like meets its own user's.
    mine = np.argsort(liked.user, kind="stable")
    theirs = np.argsort(against.user, kind="stable").reshape(-1, ratio)
    outfits = np.empty((len(mine), 1 + ratio, len(files.slots)), np.int64)
    outfits[mine, :1] = liked.items[mine]
    outfits[mine, 1:] = against.items[theirs, 0]
    return _source(
        files,
        path,
        "negatives",
        Tuples(liked.user, outfits, liked.row),
        f"{path}, negatives of {liked_file}",
    )


def _source(
    files: PolyvoreUFiles,
    path: Path,
    kind: str,
    tuples: Tuples,
    where: str | None = None,
) -> FixedSource:
    return FixedSource(
        source=str(path),
        kind="blanks" if kind == "blanks" else "negatives",
        users=pa.array(tuples.user.astype(str), pa.string()),
        item_ids=files.item_ids,
        outfits=tuples.items,
        place=placed(where or str(path), tuples.row),
    )
