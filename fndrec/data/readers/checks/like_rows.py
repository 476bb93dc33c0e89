"""Checks of the tables of likes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fndrec.data.likes import Likes
from fndrec.data.outfit_data import OnError
from fndrec.data.readers.checks.row_checks import RowChecks, cell
from fndrec.data.readers.checks.source import Source
from fndrec.data.vocabulary import Vocabulary
from fndrec.errors import DataError


def check_likes(
    source: Source, outfits: Vocabulary, on_error: OnError
) -> tuple[Vocabulary, dict[str, Likes]]:
    """Returns the users and the likes that can be used.

    Returns:
        The users in order of first appearance, over the splits in their
        order; the likes by split.

    Raises:
        DataError: If a row cannot be used (with `on_error="raise"`), or no
            train like is left.
    """
    names = {}
    outfit_rows = {}
    for split, table in source.likes.items():
        checks = RowChecks(table.source, table.num_rows, on_error, table.place)
        users = table.encoded("user_id")
        liked = table.encoded("outfit_id")
        checks.reject_bad_ids("user_id", users)
        checks.reject_empty("outfit_id", liked)
        # The last is that of a missing value.
        rows = np.append(outfits.rows(liked.values), np.int32(-1))[liked.codes]
        usable = "" if on_error == "raise" else " that were kept"
        checks.reject(
            rows < 0,
            "outfit_id",
            f"should name an outfit of {source.outfits.source}{usable}",
            cell(liked),
        )
        checks.drop_copies(users, liked)
        names[split] = users.kept(checks.keep)
        outfit_rows[split] = rows[checks.keep]
    if not len(names["train"]):
        raise DataError(
            f"{source.likes['train'].source}: at least one like was "
            "expected. Received: none that can be used"
        )
    every = pa.chunked_array([users.distinct() for users in names.values()])
    vocabulary = Vocabulary(every.unique())
    return vocabulary, {
        split: Likes(
            vocabulary.rows(users.values)[users.codes], outfit_rows[split]
        )
        for split, users in names.items()
    }
