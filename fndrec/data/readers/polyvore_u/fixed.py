"""The fixed candidates of Polyvore-U."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.data.fixed_candidates import CandidateKind, FixedCandidates
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
    """Reads the negatives and the blanks of Polyvore-U, see `read_fixed`.

    `negatives_*` are read from `tuples_*_nega`, `hard_*` from
    `tuples_*_nega_hard` (outfits that other users liked), and `fitb_test`
    from `fill_in_blank_test`, if they exist. There are `ratio` times as many
    negatives as likes. As in Fashion-Hash-Net, negative r of a user belongs
    to the user's like `r // ratio`.

    Args:
        folder: As in `read_polyvore_u`.
        data: The data set that `read_polyvore_u` read there.
        on_error: "drop" drops unusable rows.
        variant: As in `read_polyvore_u`.

    Raises:
        DataError: If a file cannot be read or does not match the likes.
    """
    files = PolyvoreUFiles(
        Path(folder), None if variant is None else str(variant)
    )
    sources: dict[str, FixedSource] = {}
    for split, stem in TUPLES.items():
        for kind, suffix in (("negatives", ""), ("hard", "_hard")):
            name = f"{stem}_nega{suffix}"
            if (files.tuples / name).exists():
                sources[f"{kind}_{split}"] = _negatives(
                    files, f"{stem}_posi", name, on_error
                )
    if (files.tuples / BLANKS).exists():
        path = files.tuples / BLANKS
        tuples = files.read(BLANKS, on_error, repeats=None)
        sources["fitb_test"] = _source(files, path, "blanks", tuples)
    return {
        name: fixed_candidates(source, data, on_error)
        for name, source in sources.items()
    }


def _negatives(
    files: PolyvoreUFiles, liked_file: str, file: str, on_error: OnError
) -> FixedSource:
    liked = files.read(liked_file, on_error)
    negatives = files.read(file, on_error)
    path = files.tuples / file
    ratio, rest = divmod(len(negatives.user), max(len(liked.user), 1))
    users, expected = np.unique(liked.user, return_counts=True)
    negative_users, received = np.unique(negatives.user, return_counts=True)
    if rest or not ratio or not np.array_equal(users, negative_users):
        raise DataError(
            f"{path}: a whole number of rows of the same user for each of the "
            f"{len(liked.user)} rows of {liked_file} was expected. "
            f"Received: {len(negatives.user)} rows"
        )
    expected *= ratio
    uneven = np.flatnonzero(received != expected)
    if len(uneven):
        user = uneven[0]
        raise DataError(
            f"{path}: {ratio} rows for each row of {liked_file} were "
            f"expected, {expected[user]} of user {users[user]}. "
            f"Received: {received[user]}"
        )
    # Sorted by user, the likes and their negatives are in the same order.
    likes = np.argsort(liked.user, kind="stable")
    against = np.argsort(negatives.user, kind="stable").reshape(-1, ratio)
    outfits = np.empty((len(likes), 1 + ratio, len(files.slots)), np.int64)
    outfits[likes, :1] = liked.items[likes]
    outfits[likes, 1:] = negatives.items[against, 0]
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
    kind: CandidateKind,
    tuples: Tuples,
    place: str | None = None,
) -> FixedSource:
    return FixedSource(
        source=str(path),
        kind=kind,
        users=pa.array(tuples.user.astype(str), pa.string()),
        item_ids=files.item_ids,
        outfits=tuples.items,
        place=placed(place or str(path), tuples.row),
    )
