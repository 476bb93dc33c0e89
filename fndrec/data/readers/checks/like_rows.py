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
    """Checks the tables of likes and returns the usable likes.

    Returns:
        The users, in order of first appearance over all splits, and the
        likes by split.

    Raises:
        DataError: If a row cannot be used (with `on_error="raise"`), or no
            train like is left.
    """
    users_by_split = {}
    outfits_by_split = {}
    for split, table in source.likes.items():
        checks = RowChecks(table.source, table.num_rows, on_error, table.place)
        users = table.encoded("user_id")
        liked = table.encoded("outfit_id")
        checks.reject_bad_ids("user_id", users)
        checks.reject_empty("outfit_id", liked)
        # The last entry is for missing values, code -1.
        rows = np.append(outfits.rows(liked.values), np.int32(-1))[liked.codes]
        usable = "" if on_error == "raise" else " that were kept"
        checks.reject(
            rows < 0,
            "outfit_id",
            f"should name an outfit of {source.outfits.source}{usable}",
            cell(liked),
        )
        checks.drop_copies(users, liked)
        users_by_split[split] = users.kept(checks.keep)
        outfits_by_split[split] = rows[checks.keep]
    if not len(users_by_split["train"]):
        raise DataError(
            f"{source.likes['train'].source}: at least one like was "
            "expected. Received: none that can be used"
        )
    user_ids = [users.distinct() for users in users_by_split.values()]
    vocabulary = Vocabulary(pa.chunked_array(user_ids).unique())
    return vocabulary, {
        split: Likes(
            vocabulary.rows(users.values)[users.codes], outfits_by_split[split]
        )
        for split, users in users_by_split.items()
    }
