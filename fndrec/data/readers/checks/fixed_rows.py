"""Checks of fixed candidates, and their rows in a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fndrec.data.fixed_candidates import CandidateKind, FixedCandidates
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.row_checks import RowChecks, cell


@dataclass(frozen=True)
class FixedSource:
    """Fixed candidates as read from a file.

    Args:
        source: The file, as messages name it.
        kind: As in `FixedCandidates`.
        users: The user of each question.
        item_ids: The ids that `outfits` refers to.
        outfits: int array `(questions, candidates, slots)` of rows of
            `item_ids`, -1 in empty slots, which may be anywhere. Column 0 is
            the liked outfit.
        place: Returns how messages name a question.
    """

    source: str
    kind: CandidateKind
    users: pa.StringArray
    item_ids: pa.StringArray
    outfits: npt.NDArray[np.integer]
    place: Callable[[int], str]


def fixed_candidates(
    candidates: FixedSource, data: OutfitData, on_error: OnError
) -> FixedCandidates:
    """Returns candidates as rows of a data set.

    Args:
        candidates: The candidates as read.
        data: The data set that they belong to.
        on_error: "raise" or "drop": how to treat a question with a user or
            an item that the data set lacks.

    Raises:
        DataError: If there is such a question (with `on_error="raise"`).
    """
    checks = RowChecks(
        candidates.source, len(candidates.users), on_error, candidates.place
    )
    user = data.users.rows(candidates.users)
    checks.reject(
        user < 0,
        "user",
        f"should be a user of {data.name}",
        cell(candidates.users),
    )
    item_rows = data.items.rows(candidates.item_ids)
    items = candidates.outfits
    outfits = np.where(items < 0, -1, item_rows[items])
    unknown = (items >= 0) & (outfits < 0)

    def first_unknown(row: int) -> object:
        return candidates.item_ids[int(items[row][unknown[row]][0])].as_py()

    checks.reject(
        np.asarray(unknown.any(axis=(1, 2))),
        "items",
        f"should be items of {data.name}",
        first_unknown,
    )
    outfits = outfits[checks.keep]
    # Moves padding to the end and keeps the order of the items.
    order = np.argsort(outfits < 0, axis=-1, kind="stable")
    outfits = np.take_along_axis(outfits, order, axis=-1)
    longest = int((outfits >= 0).sum(axis=-1).max(initial=1))
    return FixedCandidates(
        kind=candidates.kind,
        user=user[checks.keep],
        outfits=np.ascontiguousarray(outfits[..., :longest], np.int32),
        source=candidates.source,
    )
