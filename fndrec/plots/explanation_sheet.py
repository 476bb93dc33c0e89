"""Pictures of explanations."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.files import atomic_path
from fndrec.retrieval.explaining.explain import categories_of
from fndrec.retrieval.explaining.explanation import Explanation, LikedOutfit

# All in inches.
MARGIN, LABELS = 0.25, 1.45
COLUMN, PHOTO, BARS = 1.45, 1.25, 0.85
HEADING, NAMES, GAP = 0.45, 0.42, 0.12
SMALL, SMALL_NAME, BETWEEN = 0.68, 0.3, 0.3
WIDEST = 11.6
DPI = 100
GAIN, LOSS, LOOK, HEAD, MUTED = (
    "#2a9d8f",
    "#e76f51",
    "#9db4d6",
    "#33548c",
    "0.4",
)


def explanation_sheet(
    data: OutfitData,
    explanations: Sequence[Explanation],
    path: str | Path,
) -> None:
    """Draws explanations of outfits, one below the other.

    Of each outfit its items, beneath each the bars of its contribution to
    the score and of the attention (the average over the heads; the dots are
    the heads), and the liked outfits nearest to it. Items are shown by their
    photos if these are loaded, else by category and id. Bars of one picture
    have one scale.

    Args:
        data: The data set.
        explanations: From `explain`, one or more.
        path: The PNG file to write.

    Raises:
        ValueError: If there are no explanations.
        DataError: If an item is not known.

    Example:

    >>> why = fndrec.explain(model, data, "u007", ["o12", "o15"])
    >>> fndrec.explanation_sheet(data, why, "why.png")
    """
    if not explanations:
        raise ValueError(
            "`explanations` should be one explanation or more. Received: none"
        )
    with atomic_path(Path(path)) as draft:
        _Sheet(data, explanations).figure.savefig(draft, format="png", dpi=DPI)


class _Sheet:
    """A figure with a cursor that moves down the page, in inches."""

    def __init__(
        self, data: OutfitData, explanations: Sequence[Explanation]
    ) -> None:
        self.data = data
        columns = max(len(why.item_ids) for why in explanations)
        strips = max(
            sum(map(_strip_width, why.liked)) - BETWEEN for why in explanations
        )
        widest = max(columns * COLUMN, WIDEST - LABELS)
        # A strip of liked outfits is never cut.
        widest = max(
            [widest, *(_strip_width(o) for w in explanations for o in w.liked)]
        )
        # Room for a heading, even above one item.
        self.content = max(columns * COLUMN, min(strips, widest), 4.5)
        self.width = 2 * MARGIN + LABELS + self.content
        lines = [self._lines(why.liked) for why in explanations]
        block = HEADING + PHOTO + NAMES + 2 * (BARS + GAP) + 2 * GAP
        self.height = 2 * MARGIN + sum(
            block + max(len(line), 1) * (SMALL + SMALL_NAME) for line in lines
        )
        self.height += (len(lines) - 1) * BETWEEN
        self.figure = Figure(figsize=(self.width, self.height))
        FigureCanvasAgg(self.figure)
        self.scale = _limits([why.contribution for why in explanations])
        looks = [why.head_attention for why in explanations]
        self.most_attention = 1.3 * max(float(look.max()) for look in looks)
        self.y = MARGIN
        for why, line in zip(explanations, lines, strict=True):
            self._outfit(why, line)
            self.y += BETWEEN

    def _outfit(
        self, why: Explanation, lines: Sequence[Sequence[LikedOutfit]]
    ) -> None:
        name = "Items given" if why.outfit_id is None else why.outfit_id
        unknown = "" if why.known else ", whom the model does not know"
        self._text(MARGIN, 0.15, _short(name, 40), size=13, weight="bold")
        self._text(
            MARGIN + LABELS,
            0.15,
            f"score {_signed(why.score).lstrip('+')} for "
            f"{_short(why.user_id, 30)}{unknown}",
            size=11,
        )
        self.y += HEADING
        left = MARGIN + LABELS
        for i, item_id in enumerate(why.item_ids):
            at = left + i * COLUMN + (COLUMN - PHOTO) / 2
            self._item(at, PHOTO, item_id)
        self.y += PHOTO
        for i, item_id in enumerate(why.item_ids):
            middle = left + (i + 0.5) * COLUMN
            words = [_short(item_id, 16)]
            if why.categories is not None:
                words.insert(0, _short(why.categories[i], 16))
            self._text(middle, 0.2, "\n".join(words), size=8.5, ha="center")
        self.y += NAMES + GAP

        values = why.contribution
        axes = self._bars("contribution\nto the score", len(values))
        colours = [GAIN if value >= 0 else LOSS for value in values]
        axes.bar(range(len(values)), values, 0.5, color=colours)
        axes.axhline(0, color="0.5", linewidth=0.8)
        axes.set_ylim(*self.scale)
        for i, value in enumerate(values):
            side = 1 if value >= 0 else -1
            _number(axes, i, value, side, _signed(value))
        axes = self._bars("attention\n(dots: heads)", len(values))
        heads = why.head_attention
        axes.bar(range(len(values)), why.attention, 0.5, color=LOOK)
        spread = np.linspace(-0.16, 0.16, len(heads)) if len(heads) > 1 else [0]
        for x, weights in zip(spread, heads, strict=True):
            at = np.arange(len(values)) + x
            axes.scatter(at, weights, 9, color=HEAD, linewidths=0, zorder=3)
        axes.set_ylim(0, self.most_attention)
        for i, value in enumerate(why.attention):
            highest = max(value, heads[:, i].max())
            _number(axes, i, highest, 1, f"{value:.2f}")
        self.y += GAP
        self._liked(why, lines)

    def _liked(
        self, why: Explanation, lines: Sequence[Sequence[LikedOutfit]]
    ) -> None:
        count = f"\n(of {why.num_liked})" if why.liked else ""
        self._text(
            MARGIN,
            SMALL / 2,
            f"nearest\nliked outfits{count}",
            size=9,
            color=MUTED,
        )
        if not lines:
            other = "the user is not known to like any other outfit"
            if why.num_liked:
                other = "none asked for"
            self._text(MARGIN + LABELS, SMALL / 2, other, size=9, color=MUTED)
            self.y += SMALL + SMALL_NAME
        for line in lines:
            left = MARGIN + LABELS
            for near in line:
                for i, item_id in enumerate(near.item_ids):
                    self._item(left + i * SMALL, SMALL * 0.94, item_id)
                self._text(
                    left,
                    SMALL + SMALL_NAME / 2,
                    f"{_short(near.outfit_id, 12)}, cosine {near.cosine:.2f}",
                    size=8.5,
                )
                left += _strip_width(near)
            self.y += SMALL + SMALL_NAME

    def _lines(self, liked: Sequence[LikedOutfit]) -> list[list[LikedOutfit]]:
        """Breaks liked outfits into lines that fit the width."""
        lines: list[list[LikedOutfit]] = []
        room = 0.0
        for near in liked:
            width = _strip_width(near)
            if not lines or width - BETWEEN > room + 1e-6:
                lines.append([])
                room = self.content
            lines[-1].append(near)
            room -= width
        return lines

    def _axes(self, left: float, width: float, height: float) -> Any:
        """Adds axes with their top at the cursor."""
        return self.figure.add_axes(
            (
                left / self.width,
                1 - (self.y + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )

    def _text(self, x: float, down: float, words: str, **kwargs: Any) -> None:
        self.figure.text(
            x / self.width,
            1 - (self.y + down) / self.height,
            words,
            va="center",
            parse_math=False,
            **kwargs,
        )

    def _bars(self, label: str, count: int) -> Any:
        """Adds axes with one bar per item and a label on the left."""
        self._text(MARGIN, BARS / 2, label, size=9, color=MUTED)
        axes = self._axes(MARGIN + LABELS, count * COLUMN, BARS)
        axes.set_xlim(-0.5, count - 0.5)
        axes.set_xticks([])
        axes.yaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
        axes.tick_params(labelsize=7, colors=MUTED, length=2)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.spines["left"].set_color("0.75")
        self.y += BARS + GAP
        return axes

    def _item(self, left: float, size: float, item_id: str) -> None:
        """Draws the photo of an item, or its name if there is no photo."""
        row = self.data.items.rows([item_id])
        if row[0] < 0:
            raise DataError(
                f"`explanations` should be of items of {self.data.name}. "
                f"Received: {item_id!r}"
            )
        axes = self._axes(left, size, size)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_color("0.85")
        if self.data.store is not None:
            axes.imshow(self.data.store.gather(row)[0], aspect="auto")
            return
        large = size > SMALL
        words = [item_id]
        categories = categories_of(self.data, row)
        if categories is not None:
            # Below a large one its name is written anyway.
            words = [*categories] if large else [*categories, item_id]
        axes.set_facecolor("0.96")
        axes.text(
            0.5,
            0.5,
            "\n".join(_short(word, 14 if large else 9) for word in words),
            ha="center",
            va="center",
            fontsize=11 if large else 7,
            color="0.25",
            transform=axes.transAxes,
            parse_math=False,
        )


def _strip_width(near: LikedOutfit) -> float:
    """Width of a liked outfit and the gap after it."""
    # The name below may be wider than one photo.
    return max(len(near.item_ids) * SMALL, 1.5) + BETWEEN


def _limits(values: Sequence[np.ndarray]) -> tuple[float, float]:
    """Axis limits that include 0, all values and space for numbers."""
    low = min(0.0, min(float(value.min()) for value in values))
    high = max(0.0, max(float(value.max()) for value in values))
    room = 0.3 * max(high - low, 1e-6)
    return low - (room if low < 0 else 0), high + (room if high > 0 else 0)


def _signed(value: float) -> str:
    words = f"{value:+.2f}"
    return "0.00" if words[1:] == "0.00" else words.replace("-", "\u2212")


def _number(axes: Any, x: float, y: float, side: int, words: str) -> None:
    axes.annotate(
        words,
        (x, y),
        xytext=(0, 3 * side),
        textcoords="offset points",
        ha="center",
        va="bottom" if side > 0 else "top",
        fontsize=8,
        color="0.25",
    )


def _short(words: str, most: int) -> str:
    """Shortens a name; keeps the end, where ids differ."""
    if len(words) <= most:
        return words
    end = most // 2
    return f"{words[: most - end - 1]}…{words[-end:]}"
