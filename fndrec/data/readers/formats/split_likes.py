"""Likes without a published split, divided into train, valid and test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fndrec.checks import rate


def split_likes(
    user: npt.NDArray[np.integer], valid: float, test: float, seed: int
) -> dict[str, npt.NDArray[np.int64]]:
    """Divides each user's likes at random.

    Of a user's n likes `floor(valid * n)` are for valid and `floor(test * n)`
    for test: each user keeps some in train.

    Args:
        user: `(likes,)` who likes.
        valid: Share of valid.
        test: Share of test.
        seed: Seed of the draw.

    Returns:
        Positions of likes by split, ascending; a split of none is left out.

    Raises:
        DataError: If the shares leave nothing for train.
    """
    valid = rate("valid", valid)
    test = rate("test", test)
    if valid + test >= 1:
        raise ValueError(
            "`valid` and `test` should leave some likes for train. "
            f"Received: valid={valid}, test={test}"
        )
    draw = np.random.default_rng(seed).random(len(user))
    order = np.lexsort((draw, user))
    _, start, number = np.unique(
        user[order], return_index=True, return_counts=True
    )
    place = np.arange(len(user)) - np.repeat(start, number)
    first = np.repeat(np.floor(valid * number), number)
    second = first + np.repeat(np.floor(test * number), number)
    splits = {
        "train": order[place >= second],
        "valid": order[place < first],
        "test": order[(place >= first) & (place < second)],
    }
    return {
        name: np.sort(rows)
        for name, rows in splits.items()
        if name == "train" or len(rows)
    }
