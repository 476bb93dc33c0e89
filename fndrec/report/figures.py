"""Plots as inline SVG in the colors of the page."""

import html
import io
import itertools
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

# Inches of 72 points. A phone shows them about as large as they are.
SIZE = (5.0, 3.2)
STYLE: dict[Any, Any] = {
    "font.size": 10.5,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.93",
    "axes.edgecolor": "0.5",
    "xtick.color": "0.5",
    "ytick.color": "0.5",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "fndrec",
}
SERIES = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b")
# What stands for a colour in the style sheet, for light and for dark pages.
VARIABLES = {
    "#000000": "--ink",
    "#ffffff": "--paper",
    **{colour: f"--series-{i}" for i, colour in enumerate(SERIES)},
    "#808080": "--muted",
    "#666666": "--muted",
    "#999999": "--muted",
    "#ededed": "--line",
}
PROLOG = re.compile(r".*?(?=<svg)", re.S)
METADATA = re.compile(r"<metadata>.*?</metadata>", re.S)
SIZES = re.compile(r'(<svg\b[^>]*?) width="[^"]*"([^>]*?) height="[^"]*"')
COLOUR = re.compile(r"((?:fill|stroke): ?)(#[0-9a-f]{6})")
IDS = re.compile(r'((?:\bid=|xlink:href=)"#?|url\(#)')


class Figures:
    """Makes the plots of one page.

    Example:

    >>> figures = Figures()
    >>> svg = figures.draw(lambda axes: axes.plot([1, 2]), "A line that rises")
    """

    def __init__(self) -> None:
        self._number = itertools.count(1)

    def draw(
        self,
        draw: Callable[[Any], None],
        text: str,
        size: tuple[float, float] = SIZE,
    ) -> str:
        """Draws on Matplotlib axes.

        Args:
            draw: Draws into the axes it is given.
            text: What the plot shows, for those who do not see it.
            size: Width and height in inches.

        Returns:
            The plot as SVG.
        """
        with mpl.rc_context(STYLE):
            figure = Figure(figsize=size, layout="constrained")
            draw(figure.subplots())
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", transparent=True)
        return self.inline(buffer.getvalue(), text)

    def from_file(self, plot: Callable[[Path], None], text: str) -> str:
        """Adds a plot that a function writes to a file.

        Args:
            plot: Writes the plot to a path that ends in `.svg`.
            text: As in `draw`.

        Returns:
            The plot as SVG.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "plot.svg"
            with mpl.rc_context(
                {
                    "svg.hashsalt": STYLE["svg.hashsalt"],
                    "savefig.transparent": True,
                }
            ):
                plot(path)
            return self.inline(path.read_text(encoding="utf-8"), text)

    def inline(self, svg: str, text: str) -> str:
        """Converts an SVG file of Matplotlib for use inside a page.

        Args:
            svg: The file.
            text: As in `draw`.

        Returns:
            The SVG, as wide as its place, in the colours of the page, with
            ids of its own.
        """
        svg = METADATA.sub("", PROLOG.sub("", svg, count=1))
        svg = SIZES.sub(r"\1\2", svg, count=1)
        svg = COLOUR.sub(_variable, svg)
        svg = IDS.sub(rf"\g<1>p{next(self._number)}-", svg)
        head = f'<svg class="plot" role="img" aria-label="{html.escape(text)}"'
        return svg.replace("<svg", head, 1)


def _variable(found: re.Match[str]) -> str:
    name = VARIABLES.get(found[2])
    return found[1] + (found[2] if name is None else f"var({name})")
