"""Holds users and items out of training."""

import dataclasses
from collections.abc import Callable

import numpy as np

from fndrec.checks import fraction, non_negative_int, positive_int
from fndrec.data import Likes, OutfitData
from fndrec.data.item_sets import distinct_items
from fndrec.errors import DataError


def hold_out_users(
    data: OutfitData, number: int = 50, seed: int = 0
) -> tuple[OutfitData, list[str]]:
    """Holds users out of a data set, with all their likes.

    Args:
        data: The data set.
        number: How many users, of those who like something in train.
        seed: Seed of the draw.

    Returns:
        The data set without their likes in any split, and their ids.

    Raises:
        ValueError: If there are not so many users, and one more to train on.

    Example:

    >>> warm, cold = fndrec.hold_out_users(data, 50)
    >>> teacher = fndrec.FNDTeacher.from_data(warm, users="history")
    """
    users = np.unique(data.likes("train").user)
    if positive_int("number", number) >= len(users):
        raise ValueError(
            "`number` should be a positive integer under the number of users "
            f"who like something in train, {len(users)}. Received: "
            f"number={number}"
        )
    seed = non_negative_int("seed", seed)
    rng = np.random.default_rng((seed, len(users)))
    taken = np.sort(rng.choice(users, number, replace=False))
    cold = np.zeros(data.num_users, bool)
    cold[taken] = True
    warm = _without(data, lambda likes: cold[likes.user], list(data.splits))
    return warm, data.users.take(taken)


def hold_out_items(
    data: OutfitData, share: float = 0.05, seed: int = 0
) -> OutfitData:
    """Removes the likes of outfits with held-out items from train.

    Args:
        data: The data set.
        share: Share of the items of train, between 0 and 1.
        seed: Seed of the draw.

    Returns:
        The data set; the items are new to what is trained on it.

    Raises:
        ValueError: If `share` is out of its range.
        DataError: If no like would be left.
    """
    share = fraction("share", share, zero=False, one=False)
    seen = distinct_items(data.outfit_items[data.likes("train").outfit])
    seed = non_negative_int("seed", seed)
    rng = np.random.default_rng((seed, len(seen)))
    taken = rng.choice(seen, max(1, round(share * len(seen))), replace=False)
    cold = np.zeros(data.num_items + 1, bool)  # the last is the padding
    cold[taken] = True
    outfit: np.ndarray = np.any(cold[data.outfit_items], axis=1)
    return _without(data, lambda likes: outfit[likes.outfit], ["train"])


def _without(
    data: OutfitData,
    refused: Callable[[Likes], np.ndarray],
    splits: list[str],
) -> OutfitData:
    kept = dict(data.splits)
    for split in splits:
        likes = data.likes(split)
        keep = ~refused(likes)
        kept[split] = Likes(likes.user[keep], likes.outfit[keep])
    if not len(kept["train"]):
        raise DataError(
            f"{data.name}: likes in train were expected to be left. "
            "Received: none that names no held-out item"
        )
    # What a model of it knows by name is less.
    return dataclasses.replace(
        data,
        splits=kept,
        vocabulary=None,  # type: ignore[arg-type]
    )
