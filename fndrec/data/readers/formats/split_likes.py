"""Random splits of data sets that come without one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fndrec.checks import rate


def split_likes(
    user: npt.NDArray[np.integer], valid: float, test: float, seed: int
) -> dict[str, npt.NDArray[np.int64]]:
    """Splits each user's likes at random.

    Of a user's n likes, `floor(valid * n)` go to valid and `floor(test * n)`
    to test, so each user keeps some in train.

    Args:
        user: `(likes,)` user of each like.
        valid: Share of valid.
        test: Share of test.
        seed: Seed of the draw.

    Returns:
        Positions of the likes by split, ascending. Empty splits are left
        out, except train.

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
    _, start, count = np.unique(
        user[order], return_index=True, return_counts=True
    )
    rank = np.arange(len(user)) - np.repeat(start, count)
    valid_end = np.repeat(np.floor(valid * count), count)
    test_end = valid_end + np.repeat(np.floor(test * count), count)
    splits = {
        "train": order[rank >= test_end],
        "valid": order[rank < valid_end],
        "test": order[(rank >= valid_end) & (rank < test_end)],
    }
    return {
        name: np.sort(rows)
        for name, rows in splits.items()
        if name == "train" or len(rows)
    }
