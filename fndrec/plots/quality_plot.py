"""Plot of quality against cost."""

import dataclasses
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator

from fndrec.files import atomic_path
from fndrec.plots.plot_labels import place_labels

# Area of the largest marker and the least area, in square points.
LARGEST, LEAST = 700.0, 16.0
# Inches, and letters of a title that fit into one.
SIZE = (8.0, 5.2)
LETTERS = 11


@dataclasses.dataclass(frozen=True)
class Point:
    """A model in the plot.

    Attributes:
        name: Its name.
        x: What it costs.
        y: What it gives.
        size: Its parameters.
    """

    name: str
    x: float
    y: float
    size: int


def quality_plot(
    points: Sequence[Point],
    baseline: tuple[str, float],
    path: str | Path,
    *,
    title: str,
    x_label: str,
    y_label: str,
    size: tuple[float, float] = SIZE,
) -> None:
    """Plots models by cost, on a logarithmic axis, and quality.

    Args:
        points: The models.
        baseline: Name and quality of what they have to beat.
        path: The file to write: PNG, or SVG if it is called `*.svg`.
        title: Title of the picture.
        x_label: Name of the cost.
        y_label: Name of the quality.
        size: Width and height in inches.
    """
    figure = Figure(figsize=size, dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    title = textwrap.fill(title, round(LETTERS * size[0]))
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.set_xlabel(
        f"{x_label}\n(area and number of a marker: parameters without users)"
    )
    axes.set_ylabel(y_label)
    axes.grid(color="0.93")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    most = max(point.size for point in points)
    areas = [max(LARGEST * point.size / most, LEAST) for point in points]
    axes.scatter(
        [point.x for point in points],
        [point.y for point in points],
        areas,
        alpha=0.7,
        edgecolors="white",
        # Above the lines from names to markers.
        zorder=4,
    )
    name, value = baseline
    axes.axhline(value, color="0.5", linestyle="--", linewidth=1)
    axes.annotate(
        name,
        (1, value),
        xycoords=axes.get_yaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color="0.4",
    )
    _cost_axis(axes, sorted(point.x for point in points))
    axes.margins(x=0.12, y=0.15)
    # The places of names depend on the final size of the axes.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    format_size = EngFormatter(places=1, sep="")
    place_labels(
        axes,
        [f"{point.name} ({format_size(point.size)})" for point in points],
        [(point.x, point.y) for point in points],
        [math.sqrt(area / math.pi) for area in areas],
        level=value,
    )
    kind = "svg" if Path(path).suffix == ".svg" else "png"
    with atomic_path(Path(path)) as draft:
        figure.savefig(draft, format=kind)


def _cost_axis(axes: Any, costs: Sequence[float]) -> None:
    """Draws the logarithmic axis of costs."""
    if costs[0] == 0:
        # Which has no place for what costs nothing.
        least = next((cost for cost in costs if cost > 0), 1.0)
        axes.set_xscale("symlog", linthresh=least)
        axes.set_xticks([0.0, *({least, costs[-1]} - {0.0})])
    else:
        axes.set_xscale("log")
        if costs[-1] < 1000 * costs[0]:
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_minor_formatter("")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
