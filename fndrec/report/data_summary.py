"""Section of the report: the data set."""

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from fndrec.data import OutfitData
from fndrec.report.figures import SERIES, Figures

# Categories in a plot, and letters of a name.
SHOWN = 12
LETTERS = 16
BINS = 20
MIN_BINS = 5


def facts(data: OutfitData, split: str) -> list[tuple[str, str]]:
    """Returns the statistics of a data set.

    Args:
        data: The data set.
        split: The split that is ranked.

    Returns:
        Names and values.
    """
    train = data.likes("train")
    sizes = (data.outfit_items >= 0).sum(axis=1)
    known = [
        name
        for name, there in (
            ("photos", data.photos is not None),
            ("features", data.features is not None),
            ("categories", data.categories is not None),
        )
        if there
    ]
    per_outfit = len(train) / max(len(np.unique(train.outfit)), 1)
    found = [
        ("Users", f"{data.num_users:,}"),
        ("Items", f"{data.num_items:,}"),
        ("Outfits", f"{data.num_outfits:,} of {_span(sizes)} items"),
        ("Known of items", ", ".join(known) or "their ids alone"),
    ]
    if data.categories is not None:
        found.append(("Categories", f"{len(data.categories):,}"))
    found += [
        (f"Likes in {name}", f"{len(likes):,}")
        for name, likes in data.splits.items()
    ]
    found += [
        (
            "Likes of a user in train",
            f"{len(train) / max(len(np.unique(train.user)), 1):.1f} on average",
        ),
        ("Users who like an outfit", f"{per_outfit:.2f} on average in train"),
    ]
    if split != "train":
        found += [
            (
                f"Likes in {split} of new users",
                _share(_of_new_users(data, split)),
            ),
            (
                f"Likes in {split} with an item that no train like has",
                _share(_with_new_items(data, split)),
            ),
        ]
    return found


def plots(data: OutfitData, figures: Figures) -> list[tuple[str, str]]:
    """Plots the distributions of a data set.

    Args:
        data: The data set.
        figures: Makes the plots.

    Returns:
        Captions and plots: likes of a user, items of an outfit and, where
        known, categories.
    """
    train = data.likes("train")
    likes = np.unique(train.user, return_counts=True)[1]
    sizes = (data.outfit_items >= 0).sum(axis=1)

    def draw_likes(axes: Any) -> None:
        bins = np.arange(likes.min(), likes.max() + 2) - 0.5
        axes.hist(likes, bins if len(bins) <= BINS else BINS, color=SERIES[0])
        if len(bins) < MIN_BINS:
            # One bar is not a wall.
            axes.set_xlim(bins[0] - MIN_BINS, bins[-1] + MIN_BINS)
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.set_xlabel("likes in train")
        axes.set_ylabel("users")

    def draw_sizes(axes: Any) -> None:
        values, counts = np.unique(sizes, return_counts=True)
        axes.bar(values, counts, color=SERIES[0])
        axes.set_xticks(values)
        # One bar is not a wall here either.
        axes.set_xlim(values[0] - 1, values[-1] + 1)
        axes.set_xlabel("items of an outfit")
        axes.set_ylabel("outfits")

    likes_text = (
        "Histogram of the likes of a user in train: from "
        f"{likes.min():,} to {likes.max():,}, the median "
        f"{np.median(likes):,.0f}"
    )
    sizes_text = "Bars of the sizes of outfits: " + ", ".join(
        f"{count:,} of {size}"
        for size, count in zip(
            *np.unique(sizes, return_counts=True), strict=True
        )
    )
    drawn = [
        ("Likes of a user", figures.draw(draw_likes, likes_text)),
        ("Items of an outfit", figures.draw(draw_sizes, sizes_text)),
    ]
    if data.categories is not None and data.item_category is not None:
        drawn.append(("Items by category", _categories(data, figures)))
    return drawn


def _categories(data: OutfitData, figures: Figures) -> str:
    assert data.categories is not None
    assert data.item_category is not None
    count = np.bincount(data.item_category, minlength=len(data.categories))
    largest = np.argsort(-count, kind="stable")[:SHOWN]
    names = data.categories.take(largest)
    rest = int(count.sum() - count[largest].sum())

    def draw(axes: Any) -> None:
        places = np.arange(len(largest))
        axes.barh(places, count[largest], color=SERIES[0])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_yticks(places)
        for label, name in zip(
            axes.set_yticklabels([_short(name) for name in names]),
            names,
            strict=True,
        ):
            # A name is no formula, whatever it holds.
            label.set_parse_math(False)
            label.set_text(_short(name))
        axes.set_xlabel(f"items ({rest:,} in others)" if rest else "items")

    return figures.draw(
        draw,
        "Bars of the items of the largest categories: "
        + ", ".join(
            f"{name} {number:,}"
            for name, number in zip(names, count[largest], strict=True)
        ),
    )


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def _span(sizes: np.ndarray) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    return f"{low}" if low == high else f"{low} to {high}"


def _share(which: np.ndarray) -> str:
    return f"{which.mean():.1%}" if len(which) else "none"


def _of_new_users(data: OutfitData, split: str) -> np.ndarray:
    return ~np.isin(data.likes(split).user, data.likes("train").user)


def _with_new_items(data: OutfitData, split: str) -> np.ndarray:
    train = data.outfit_items[data.likes("train").outfit]
    items = data.outfit_items[data.likes(split).outfit]
    # Row -1 is no item.
    new = ~np.isin(items, np.append(train, -1))
    return np.any(new, axis=1)
