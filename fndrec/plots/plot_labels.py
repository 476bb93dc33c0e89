"""Placement of labels beside the markers of a plot."""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

# Where a name may stand, and how far from the edge of its marker, in points.
SIDES = (0, 180, 90, 270, *range(15, 360, 15))
DISTANCES = (4, 14, 24, 36, 50, 66, 84, 104)
# Between the pieces of a line that are looked at, in points.
STEP = 3
FONT_SIZE = 9
LINE = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.7, "shrinkA": 0}
HALO = [withStroke(linewidth=2.5, foreground="white")]


@dataclasses.dataclass
class _Place:
    """A possible place of a label: its box and leader line, in pixels."""

    offset: np.ndarray  # from the marker, in points
    align: tuple[int, int]
    box: Any
    line: list[Any]


def place_labels(
    axes: Any,
    labels: Sequence[str],
    points: Sequence[tuple[float, float]],
    radii: Sequence[float],
    level: float,
) -> None:
    """Places labels so that they cover neither markers nor other labels.

    The nearest free place is taken; where all are taken, the one with the
    least overlap. A name that is far from its marker gets a line to it.

    Args:
        axes: The axes, in their final size. Their other texts are kept free.
        labels: The names.
        points: Places of the markers in the units of the axes.
        radii: Radii of the markers in points.
        level: Height of a level line, in the units of the axes, that is kept
            free too.
    """
    renderer = axes.figure.canvas.get_renderer()
    pixels = renderer.points_to_pixels(1)
    inside = axes.get_window_extent(renderer)
    centres = axes.transData.transform(points)
    height = axes.transData.transform((points[0][0], level))[1]
    names = [text.get_window_extent(renderer) for text in axes.texts]
    others = [
        _square(centre, radius * pixels)
        for centre, radius in zip(centres, radii, strict=True)
    ]
    others.append(Bbox.from_extents(inside.x0, height - 1, inside.x1, height))

    def covered(place: _Place) -> float:
        area: float = place.box.width * place.box.height
        return (
            area
            - _shared(place.box, inside)
            + sum(_shared(place.box, other) for other in names + others)
            # Lines may pass beneath markers, not beneath names.
            + sum(_shared(part, one) for part in place.line for one in names)
        )

    # From the top, so that names pile up in the order of the markers.
    for i in np.argsort(-centres[:, 1], kind="stable"):
        text = axes.text(0, 0, labels[i], fontsize=FONT_SIZE, parse_math=False)
        size = text.get_window_extent(renderer)
        text.remove()
        least = math.inf
        for place in _places(centres[i], radii[i], size, pixels):
            overlap = covered(place)
            if overlap < least:
                least, best = overlap, place
            if overlap < 1:
                break
        _write(axes, labels[i], points[i], best)
        names.append(best.box)
        others += best.line


def _places(
    centre: np.ndarray, radius: float, size: Any, pixels: float
) -> Iterator[_Place]:
    """Yields places around a marker, the nearest first."""
    for distance, side in itertools.product(DISTANCES, SIDES):
        angle = math.radians(side)
        way = np.array((math.cos(angle), math.sin(angle)))
        align = np.sign(way.round(1)).astype(int)
        offset = way * (radius + distance)
        # The name lies past the end of its line.
        corner = centre + offset * pixels
        extent = np.array((size.width, size.height))
        corner -= (1 - align) / 2 * extent
        near = distance == DISTANCES[0]
        yield _Place(
            offset,
            (align[0], align[1]),
            Bbox([corner, corner + extent]),
            []
            if near
            else [
                _square(centre + way * (radius + at) * pixels, 1)
                for at in range(0, distance, STEP)
            ],
        )


def _write(
    axes: Any, label: str, point: tuple[float, float], place: _Place
) -> None:
    axes.annotate(
        label,
        point,
        xytext=place.offset,
        textcoords="offset points",
        ha={-1: "right", 0: "center", 1: "left"}[place.align[0]],
        va={-1: "top", 0: "center", 1: "bottom"}[place.align[1]],
        fontsize=FONT_SIZE,
        parse_math=False,
        path_effects=HALO,
        zorder=5,
    )
    if place.line:
        axes.annotate(
            "",
            point,
            xytext=place.offset,
            textcoords="offset points",
            arrowprops=LINE,
            zorder=2,
        )


def _square(centre: np.ndarray, half: float) -> Any:
    return Bbox([centre - half, centre + half])


def _shared(one: Any, other: Any) -> float:
    """Area of the intersection of two boxes."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(width, 0.0) * max(height, 0.0)
