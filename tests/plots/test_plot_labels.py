import itertools
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fndrec.plots.plot_labels import place_labels


def texts_of(axes: Any) -> dict[str, Any]:
    """The boxes of what is written."""
    renderer = axes.figure.canvas.get_renderer()
    axes.figure.draw_without_rendering()
    return {
        text.get_text(): text.get_window_extent(renderer)
        for text in axes.texts
        if text.get_text()
    }


def new_axes() -> Any:
    figure = Figure(figsize=(8, 5))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return axes


@pytest.mark.parametrize("crowd", [0.9, 0.02])
def test_names_cover_nothing(crowd: float) -> None:
    """Markers over the whole picture, or all in one place."""
    axes = new_axes()
    axes.text(0.6, 0.52, "baseline")
    rng = np.random.default_rng(0)
    points = 0.5 + crowd * (rng.random((12, 2)) - 0.5)
    labels = [f"student {i} (12.3k)" for i in range(len(points))]
    place_labels(
        axes, labels, [(x, y) for x, y in points], [5.0] * 12, level=0.5
    )
    boxes = texts_of(axes)
    assert set(boxes) == {"baseline", *labels}
    for (left, one), (right, other) in itertools.combinations(boxes.items(), 2):
        # Boxes may touch.
        assert not one.shrunk(0.97, 0.9).overlaps(other), (left, right)
    inside = axes.get_window_extent()
    level = axes.transData.transform((0.5, 0.5))[1]
    places = axes.transData.transform(points)
    for label in labels:
        box = boxes[label]
        assert inside.x0 <= box.x0
        assert box.x1 <= inside.x1
        assert inside.y0 <= box.y0
        assert box.y1 <= inside.y1
        assert not box.y0 + 1 < level < box.y1 - 1
        assert not any(box.contains(x, y) for x, y in places)


def test_a_name_that_is_alone_stands_beside_its_marker() -> None:
    axes = new_axes()
    place_labels(axes, ["$one"], [(0.5, 0.5)], [5.0], level=0.1)
    box = texts_of(axes)["$one"]
    x, y = axes.transData.transform((0.5, 0.5))
    assert 0 < box.x0 - x < 20
    assert box.y0 < y < box.y1
    assert len(axes.texts) == 1  # and there is no line to it
