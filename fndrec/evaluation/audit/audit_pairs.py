"""User-outfit pairs to audit."""

from collections.abc import Mapping, Sequence

import numpy as np

from fndrec.data import NegativeSampler, OutfitData
from fndrec.data.item_sets import set_ids
from fndrec.data.ranges import ranges
from fndrec.errors import DataError

Pair = tuple[str, str | Sequence[str]]
"""A user id, and an outfit id or the ids of the outfit's items."""


def unliked_negatives(
    data: OutfitData,
    split: str,
    negatives: int,
    negative_sampling: str | Mapping[str, float],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the distinct negatives drawn for the likes of a split.

    Args:
        data: The data set.
        split: Name of the split.
        negatives: Negatives drawn for each like.
        negative_sampling: Kind of the negatives, see `NegativeSampler`.
        rng: Source of the draws.

    Returns:
        Rows of users `(pairs,)` and item rows `(pairs, slots)`. None is known
        to be liked by its user, in any split.
    """
    sampler = NegativeSampler(
        data, split, negative_sampling, known=tuple(data.splits)
    )
    likes = data.likes(split)
    drawn = sampler(likes.user, likes.outfit, negatives, rng)
    users = np.repeat(likes.user, negatives)
    outfits = drawn.reshape(len(users), -1)
    known = data.splits.values()
    known_users = np.concatenate([part.user for part in known])
    known_outfits = np.concatenate([part.outfit for part in known])
    sets, liked = set_ids(outfits, data.outfit_items[known_outfits])
    # One number a pair; a set's number is below the number of all sets.
    size = len(sets) + len(liked)
    pair = users.astype(np.int64) * size + sets
    first = np.sort(np.unique(pair, return_index=True)[1])
    fresh = ~np.isin(pair[first], known_users.astype(np.int64) * size + liked)
    return users[first[fresh]], outfits[first[fresh]]


def rows_of_pairs(
    data: OutfitData, pairs: Sequence[Pair]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the rows of user-outfit pairs.

    Args:
        data: The data set that knows the ids.
        pairs: User ids, each with an outfit id or ids of items.

    Returns:
        Rows of users `(pairs,)` and item rows `(pairs, slots)`.

    Raises:
        DataError: If an id is not known or an outfit has no items.
    """
    users = _rows(data, "users", [user for user, _ in pairs], range(len(pairs)))
    named = [row for row, pair in enumerate(pairs) if isinstance(pair[1], str)]
    listed = [row for row, p in enumerate(pairs) if not isinstance(p[1], str)]
    length = np.array([len(pairs[row][1]) for row in listed], np.int64)
    for at in np.flatnonzero(length == 0).tolist():
        raise DataError(
            f"pairs, row {listed[at] + 1}: an outfit should have items. "
            "Received: none"
        )
    width = max(data.num_slots, int(length.max(initial=0)))
    outfits = np.full((len(pairs), width), -1, np.int32)
    names = [str(pairs[row][1]) for row in named]
    found = _rows(data, "outfits", names, named)
    outfits[named, : data.num_slots] = data.outfit_items[found]
    owner = np.repeat(np.array(listed, np.int64), length)
    slot = ranges(np.zeros_like(length), length)
    items = [item for row in listed for item in pairs[row][1]]
    outfits[owner, slot] = _rows(data, "items", items, owner.tolist())
    return users, outfits


def _rows(
    data: OutfitData, kind: str, ids: list[str], pair: Sequence[int]
) -> np.ndarray:
    """Looks up ids; an error names the pair."""
    found = getattr(data, kind).rows(ids)
    for at in np.flatnonzero(found < 0).tolist():
        raise DataError(
            f"pairs, row {pair[at] + 1}: {kind} of {data.name} were "
            f"expected. Received: {ids[at]!r}"
        )
    return found
