"""Section of the report: training curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from fndrec.evaluation.protocols.candidate_ranking import COLUMNS
from fndrec.report.figures import SERIES, Figures

VALID = "val_"
LINES = ("-", (0, (5, 1)), "-.", (0, (2, 1)), (0, (8, 2)))
History = Mapping[str, Sequence[float]]


def best_epoch(history: History) -> int | None:
    """Returns the epoch, from 1, whose weights early stopping keeps.

    Args:
        history: Values by epoch of each scalar.

    Returns:
        That of the best AUC on valid; None if there was no valid.
    """
    # The first is the metric of early stopping where users share outfits.
    for name in ("recall@20", "auc"):
        metric = history.get(f"{VALID}{name}")
        if metric:
            return int(np.argmax(metric)) + 1
    return None


def label(name: str) -> str:
    """Returns the label of a metric of the history.

    Args:
        name: Its name there.

    Returns:
        Its name for readers.
    """
    if name.startswith(VALID):
        name = name.removeprefix(VALID)
        return f"{COLUMNS.get(name, name.replace('_', ' '))} on valid"
    return name.replace("_", " ")


def plots(history: History, figures: Figures) -> list[tuple[str, str]]:
    """Plots the losses, the metrics on valid, and the rest.

    Args:
        history: Values by epoch of each scalar.
        figures: Makes the plots.

    Returns:
        Captions and plots; none without epochs.
    """
    losses = [
        name
        for name in history
        # A part that is all of the loss would be hidden by it, or hide it.
        if name == "loss"
        or (_is_loss(name) and history[name] != history.get("loss"))
    ]
    valid = [n for n in history if n.startswith(VALID)]
    others = [n for n in history if not _is_loss(n) and n not in valid]
    best = best_epoch(history)
    drawn = []
    for kind, names in (
        ("Loss in training", losses),
        ("Metrics on valid", valid),
        ("Metrics in training", others),
    ):
        if any(history[name] for name in names):
            chosen = {label(name): history[name] for name in names}
            drawn.append((kind, _plot(kind, chosen, best, figures)))
    return drawn


def _is_loss(name: str) -> bool:
    return name.endswith("loss") and not name.startswith(VALID)


def _plot(
    kind: str, curves: History, best: int | None, figures: Figures
) -> str:
    def draw(axes: Any) -> None:
        for i, (name, values) in enumerate(curves.items()):
            axes.plot(
                np.arange(len(values)) + 1,
                values,
                # A curve of one epoch has no line.
                marker="o" if len(values) < 3 else None,
                color=SERIES[i % len(SERIES)],
                # For those who cannot tell the colours apart.
                linestyle=LINES[i % len(LINES)],
                label=name.removesuffix(" on valid"),
            )
        if best is not None:
            axes.axvline(best, color="0.5", linestyle=":", linewidth=1.2)
        axes.set_xlabel("epoch" + ("" if best is None else " (dotted: kept)"))
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        # Above the axes, where it covers no curve.
        axes.figure.legend(loc="outside upper left", ncols=3)

    text = "; ".join(
        f"{name} from {values[0]:.4g} to {values[-1]:.4g}"
        for name, values in curves.items()
        if values
    )
    return figures.draw(draw, f"Curves by epoch, {kind}: {text}")
