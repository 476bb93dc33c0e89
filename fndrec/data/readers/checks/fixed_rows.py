"""From the candidates of a file to rows of a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.row_checks import RowChecks


@dataclass(frozen=True)
class FixedSource:
    """Candidates as they were received.

    Args:
        source: What messages call them: a path.
        kind: As in `FixedCandidates`.
        users: The user of each question.
        item_ids: What `outfits` counts.
        outfits: int array `(questions, candidates, slots)`: rows of
            `item_ids`, -1 anywhere for none. Column 0 is the liked outfit.
        place: What messages call a question.
    """

    source: str
    kind: Literal["negatives", "blanks"]
    users: pa.StringArray
    item_ids: pa.StringArray
    outfits: npt.NDArray[np.integer]
    place: Callable[[int], str]


def fixed_candidates(
    found: FixedSource, data: OutfitData, on_error: OnError
) -> FixedCandidates:
    """Returns candidates as rows of a data set.

    Args:
        found: The candidates.
        data: The data set that they are of.
        on_error: What is done with a question that names a user or an item
            that the data set does not have.

    Raises:
        DataError: If there is such a question (with `on_error="raise"`).
    """
    checks = RowChecks(found.source, len(found.users), on_error, found.place)
    user = data.users.rows(found.users)
    checks.reject(
        user < 0,
        "user",
        f"should be a user of {data.name}",
        lambda row: found.users[row].as_py(),
    )
    known = data.items.rows(found.item_ids)
    outfits = np.where(found.outfits < 0, -1, known[found.outfits])
    unknown = (found.outfits >= 0) & (outfits < 0)

    def first_unknown(row: int) -> object:
        return found.item_ids[int(found.outfits[row][unknown[row]][0])].as_py()

    checks.reject(
        np.asarray(unknown.any(axis=(1, 2))),
        "items",
        f"should be items of {data.name}",
        first_unknown,
    )
    outfits = outfits[checks.keep]
    # Padding goes to the end; the order of the items is kept.
    order = np.argsort(outfits < 0, axis=-1, kind="stable")
    outfits = np.take_along_axis(outfits, order, axis=-1)
    longest = int((outfits >= 0).sum(axis=-1).max(initial=1))
    return FixedCandidates(
        kind=found.kind,
        user=user[checks.keep],
        outfits=np.ascontiguousarray(outfits[..., :longest], np.int32),
        source=found.source,
    )
