"""What a data set holds, in numbers."""

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
    """What a data set holds, in numbers.

    Args:
        name: Name of the data set.
        users: Users of any split.
        items: Items.
        outfits: Outfits.
        splits: Each split.
        lengths: Outfits by their number of items.
        outfits_an_item: In how many outfits an item is, of those in any.
        unused_items: Items in no outfit.
        users_an_outfit: How many users like an outfit, of those that anyone
            likes.
        unliked_outfits: Outfits that no one likes.
        categories: Items by category, the largest first; None if there are
            no categories.
        groups: Number of groups of items that stand for one another.
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
        """Counts a data set.

        Args:
            data: The data set.
        """
        length = (data.outfit_items >= 0).sum(axis=1)
        in_outfits = np.bincount(
            data.outfit_items[data.outfit_items >= 0], minlength=data.num_items
        )
        likes = list(data.splits.values())
        pairs = np.unique(
            np.concatenate(
                [
                    x.outfit.astype(np.int64) * data.num_users + x.user
                    for x in likes
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
                for size, count in enumerate(np.bincount(length).tolist())
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
        """Returns all numbers as JSON takes them."""
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
    found = {}
    for split, likes in data.splits.items():
        users, counts = np.unique(likes.user, return_counts=True)
        outfits = np.unique(likes.outfit)
        items = distinct_items(data.outfit_items[np.unique(outfits)])
        found[split] = SplitSummary(
            likes=len(likes),
            users=len(users),
            outfits=len(outfits),
            items=len(items),
            cold_users=int((~warm["user"][users]).sum()),
            cold_outfits=int((~warm["outfit"][outfits]).sum()),
            cold_items=int((~warm["item"][items]).sum()),
            likes_a_user=Spread.from_counts(counts),
        )
    return found


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
    """The summary as text, of at most 80 columns where names are short."""
    lines = [
        f"{summary.name}: {summary.users:,} users, {summary.items:,} items, "
        f"{summary.outfits:,} outfits",
        "",
        f"{'':14}" + "".join(f"{split:>12}" for split in summary.splits),
    ]
    parts = list(summary.splits.values())
    for label, values in {
        "likes": [f"{part.likes:,}" for part in parts],
        "users": [f"{part.users:,}" for part in parts],
        "outfits": [f"{part.outfits:,}" for part in parts],
        "items": [f"{part.items:,}" for part in parts],
        "cold users": [_share(p.cold_users, p.users) for p in parts],
        "cold outfits": [_share(p.cold_outfits, p.outfits) for p in parts],
        "cold items": [_share(p.cold_items, p.items) for p in parts],
    }.items():
        lines.append(f"{label:14}" + "".join(f"{v:>12}" for v in values))
    lines.append("(cold: not in train)")
    lines.append("")
    for split, part in summary.splits.items():
        lines.append(f"likes a user, {split}: {part.likes_a_user}")
    lengths = ", ".join(
        f"{size}: {_share(count, summary.outfits)}"
        for size, count in summary.lengths.items()
    )
    lines.append(f"outfits by number of items: {lengths}")
    lines.append(
        f"outfits an item is in: {summary.outfits_an_item}"
        + _rest(summary.unused_items, "item", "in no outfit")
    )
    lines.append(
        f"users who like an outfit: {summary.users_an_outfit}"
        + _rest(summary.unliked_outfits, "outfit", "liked by no one")
    )
    lines.append(_named(summary))
    features = (
        "none" if summary.features is None else f"{summary.features} wide"
    )
    lines.append(
        f"photos: {'of every item' if summary.photos else 'none'}; "
        f"features: {features}; groups of items: {summary.groups:,}"
    )
    return lines


def _named(summary: DataSummary) -> str:
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


def _rest(count: int, noun: str, what: str) -> str:
    if not count:
        return ""
    return f"; {count:,} {noun}{'s' if count > 1 else ''} {what}"


@dataclass(frozen=True)
class Spread:
    """How a number is spread.

    Args:
        low: The least.
        median: The median.
        mean: The mean.
        high: The greatest.
    """

    low: int
    median: float
    mean: float
    high: int

    @classmethod
    def from_counts(cls, counts: npt.NDArray[np.integer]) -> Spread:
        """The spread of counts; zeros if there are none."""
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
    """One split in numbers.

    Args:
        likes: Likes.
        users: Users with a like.
        outfits: Outfits liked.
        items: Items of those outfits.
        cold_users: Of the users, those without a like in train.
        cold_outfits: Of the outfits, those that nobody likes in train.
        cold_items: Of the items, those in no outfit liked in train.
        likes_a_user: Of the users.
    """

    likes: int
    users: int
    outfits: int
    items: int
    cold_users: int
    cold_outfits: int
    cold_items: int
    likes_a_user: Spread
