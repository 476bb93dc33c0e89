"""Cost against size."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.performance.harness import Timing
from fndrec.files import atomic_path


def plot_costs(
    sizes: Sequence[float],
    timings: Sequence[Sequence[Timing]],
    label: str,
    title: str,
    path: Path,
) -> None:
    """Draws time against size, one line a case, both axes logarithmic.

    Args:
        sizes: The sizes.
        timings: For each size the timings of the same cases.
        label: What the sizes count.
        title: Title of the picture.
        path: The PNG file to write.
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for case in zip(*timings, strict=True):
        axes.plot(
            sizes,
            [1000 * one.median for one in case],
            marker="o",
            label=case[0].name,
        )
        axes.fill_between(
            sizes,
            [1000 * one.quartiles()[0] for one in case],
            [1000 * one.quartiles()[1] for one in case],
            alpha=0.2,
        )
    axes.set(xscale="log", yscale="log", xlabel=label, ylabel="ms", title=title)
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as draft:
        figure.savefig(draft, format="png", dpi=120)
