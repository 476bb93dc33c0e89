"""Counts of a data set."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fndrec.data.item_sets import distinct_items
from fndrec.data.outfit_data import OutfitData


@dataclass(frozen=True)
class DataSummary:
    """Counts of the users, items, outfits and likes of a data set.

    Args:
        name: Name of the data set.
        users: Number of users of all splits.
        items: Number of items.
        outfits: Number of outfits.
        splits: Counts of each split.
        lengths: Number of outfits by their number of items.
        outfits_an_item: Outfits per item, over the items in any outfit.
        unused_items: Number of items in no outfit.
        users_an_outfit: Users per outfit, over the outfits with any like.
        unliked_outfits: Number of outfits without a like.
        categories: Number of items by category, the largest first; None if
            there are no categories.
        groups: Number of groups of items that may replace one another.
        features: Width of the features, None if there are none.
        photos: Whether items have photos.

    Example:

    >>> data = fndrec.load_data("shop")
    >>> print(fndrec.data.DataSummary.from_data(data))
    """

    name: str
    users: int
    items: int
    outfits: int
    splits: dict[str, SplitSummary]
    lengths: dict[int, int]
    outfits_an_item: Spread
    unused_items: int
    users_an_outfit: Spread
    unliked_outfits: int
    categories: dict[str, int] | None
    groups: int
    features: int | None
    photos: bool

    @classmethod
    def from_data(cls, data: OutfitData) -> DataSummary:
        """Returns the counts of a data set.

        Args:
            data: The data set.
        """
        lengths = (data.outfit_items >= 0).sum(axis=1)
        in_outfits = np.bincount(
            data.outfit_items[data.outfit_items >= 0], minlength=data.num_items
        )
        pairs = np.unique(
            np.concatenate(
                [
                    likes.outfit.astype(np.int64) * data.num_users + likes.user
                    for likes in data.splits.values()
                ]
            )
        )
        liked_by = np.bincount(
            pairs // data.num_users, minlength=data.num_outfits
        )
        return cls(
            name=data.name,
            users=data.num_users,
            items=data.num_items,
            outfits=data.num_outfits,
            splits=_splits(data),
            lengths={
                size: count
                for size, count in enumerate(np.bincount(lengths).tolist())
                if count
            },
            outfits_an_item=Spread.from_counts(in_outfits[in_outfits > 0]),
            unused_items=int((in_outfits == 0).sum()),
            users_an_outfit=Spread.from_counts(liked_by[liked_by > 0]),
            unliked_outfits=int((liked_by == 0).sum()),
            categories=_categories(data),
            groups=len(np.unique(data.item_group)),
            features=None if data.features is None else data.features.shape[1],
            photos=data.photos is not None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns all counts, ready for `json.dump`."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _splits(data: OutfitData) -> dict[str, SplitSummary]:
    train = data.likes("train")
    warm = {
        "user": _mask(train.user, data.num_users),
        "outfit": _mask(train.outfit, data.num_outfits),
        "item": _mask(
            distinct_items(data.outfit_items[np.unique(train.outfit)]),
            data.num_items,
        ),
    }
    splits = {}
    for split, likes in data.splits.items():
        users, counts = np.unique(likes.user, return_counts=True)
        outfits = np.unique(likes.outfit)
        items = distinct_items(data.outfit_items[outfits])
        splits[split] = SplitSummary(
            likes=len(likes),
            users=len(users),
            outfits=len(outfits),
            items=len(items),
            cold_users=int((~warm["user"][users]).sum()),
            cold_outfits=int((~warm["outfit"][outfits]).sum()),
            cold_items=int((~warm["item"][items]).sum()),
            likes_a_user=Spread.from_counts(counts),
        )
    return splits


def _mask(rows: npt.NDArray[np.integer], size: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[rows] = True
    return mask


def _categories(data: OutfitData) -> dict[str, int] | None:
    if data.categories is None or data.item_category is None:
        return None
    counts = np.bincount(data.item_category, minlength=len(data.categories))
    order = np.argsort(-counts, kind="stable")
    names = data.categories.take(order)
    return dict(zip(names, counts[order].tolist(), strict=True))


def _lines(summary: DataSummary) -> list[str]:
    """Returns the summary as lines of at most 80 columns if names are short."""
    lines = [
        f"{summary.name}: {summary.users:,} users, {summary.items:,} items, "
        f"{summary.outfits:,} outfits",
        "",
        f"{'':14}" + "".join(f"{split:>12}" for split in summary.splits),
    ]
    splits = list(summary.splits.values())
    for label, values in {
        "likes": [f"{split.likes:,}" for split in splits],
        "users": [f"{split.users:,}" for split in splits],
        "outfits": [f"{split.outfits:,}" for split in splits],
        "items": [f"{split.items:,}" for split in splits],
        "cold users": [_share(s.cold_users, s.users) for s in splits],
        "cold outfits": [_share(s.cold_outfits, s.outfits) for s in splits],
        "cold items": [_share(s.cold_items, s.items) for s in splits],
    }.items():
        lines.append(f"{label:14}" + "".join(f"{v:>12}" for v in values))
    lines.append("(cold: not in train)")
    lines.append("")
    for name, split in summary.splits.items():
        lines.append(f"likes per user, {name}: {split.likes_a_user}")
    lengths = ", ".join(
        f"{size}: {_share(count, summary.outfits)}"
        for size, count in summary.lengths.items()
    )
    lines.append(f"outfits by number of items: {lengths}")
    lines.append(
        f"outfits per item: {summary.outfits_an_item}"
        + _rest(summary.unused_items, "item", "in no outfit")
    )
    lines.append(
        f"users per outfit: {summary.users_an_outfit}"
        + _rest(summary.unliked_outfits, "outfit", "without a like")
    )
    lines.append(_category_line(summary))
    features = (
        "none" if summary.features is None else f"{summary.features} per item"
    )
    lines.append(
        f"photos: {'one per item' if summary.photos else 'none'}; "
        f"features: {features}; groups of items: {summary.groups:,}"
    )
    return lines


def _category_line(summary: DataSummary) -> str:
    if summary.categories is None:
        return "categories: none"
    shown = list(summary.categories.items())[:8]
    more = len(summary.categories) - len(shown)
    return (
        f"categories: {len(summary.categories):,}: "
        + ", ".join(f"{name} {count:,}" for name, count in shown)
        + (f", and {more:,} more" if more else "")
    )


def _share(part: int, whole: int) -> str:
    if not part or part == whole:
        return f"{part:,}"
    return f"{part:,} ({100 * part / whole:.2g}%)"


def _rest(count: int, noun: str, condition: str) -> str:
    if not count:
        return ""
    return f"; {count:,} {noun}{'s' if count > 1 else ''} {condition}"


@dataclass(frozen=True)
class Spread:
    """Range, median and mean of some counts.

    Args:
        low: The smallest.
        median: The median.
        mean: The mean.
        high: The largest.
    """

    low: int
    median: float
    mean: float
    high: int

    @classmethod
    def from_counts(cls, counts: npt.NDArray[np.integer]) -> Spread:
        """Returns the spread of counts; all zeros if there are none."""
        if not len(counts):
            return cls(0, 0.0, 0.0, 0)
        return cls(
            int(counts.min()),
            float(np.median(counts)),
            float(counts.mean()),
            int(counts.max()),
        )

    def __str__(self) -> str:
        return (
            f"{self.low:,} to {self.high:,}, median {self.median:,.10g}, "
            f"mean {self.mean:,.1f}"
        )


@dataclass(frozen=True)
class SplitSummary:
    """Counts of one split.

    Args:
        likes: Number of likes.
        users: Number of users with a like.
        outfits: Number of liked outfits.
        items: Number of items in those outfits.
        cold_users: Number of those users without a like in train.
        cold_outfits: Number of those outfits without a like in train.
        cold_items: Number of those items in no outfit liked in train.
        likes_a_user: Likes per user.
    """

    likes: int
    users: int
    outfits: int
    items: int
    cold_users: int
    cold_outfits: int
    cold_items: int
    likes_a_user: Spread
