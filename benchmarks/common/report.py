"""The study as JSON, as Markdown and as a picture."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.ablation.runs import Run
from benchmarks.common.statistics import Difference
from fndrec.files import atomic_path, atomic_write

BY_USER = ("auc_by_user", "true_auc_by_user")


def summary(run: Run, out: Path) -> dict[str, Any]:
    """A run's record without the values of single users."""
    record = run.record(out)
    assert record is not None
    found = {key: value for key, value in record.items() if key not in BY_USER}
    if "true_auc_by_user" in record:
        values = np.array(record["true_auc_by_user"], float)
        found["true_auc"] = float(np.nanmean(values))
    return found


def write_json(path: Path, study: dict[str, Any]) -> None:
    """Writes the study."""
    atomic_write(path, json.dumps(study, indent=1) + "\n")


@dataclass(frozen=True)
class Section:
    """A table with what is to be said of it.

    Attributes:
        title: Its title.
        text: What its numbers are.
        header: The columns.
        rows: The rows, as long as the header.
    """

    title: str
    text: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        return f"## {self.title}\n\n{self.text}\n\n" + table(
            self.header, self.rows
        )


def markdown(title: str, sections: Sequence[Section]) -> str:
    """A page of sections."""
    return "\n\n".join([f"# {title}", *map(str, sections)]) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(["---"] + ["---:"] * (len(header) - 1)) + "|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def shown(difference: dict[str, Any]) -> str:
    """A difference in hundredths, with its interval."""
    return (
        f"{100 * difference['mean']:+.2f} "
        f"[{100 * difference['low']:+.2f}, {100 * difference['high']:+.2f}]"
    )


def as_dict(difference: Difference) -> dict[str, Any]:
    """A difference as JSON keeps it."""
    return {
        "mean": round(difference.mean, 5),
        "low": round(difference.low, 5),
        "high": round(difference.high, 5),
        "runs": difference.runs,
        "wins": difference.wins,
    }


def plot_differences(
    comparisons: Sequence[dict[str, Any]], path: Path, title: str
) -> None:
    """Draws differences to the plain student with their intervals.

    Args:
        comparisons: Dictionaries of `variant`, `world`, `difference`.
        path: The PNG file.
        title: Title of the picture.
    """
    worlds = list(dict.fromkeys(c["world"] for c in comparisons))
    variants = list(dict.fromkeys(c["variant"] for c in comparisons))
    figure = Figure(
        figsize=(2.2 + 3.2 * len(worlds), 1.4 + 0.36 * len(variants)),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(worlds), sharey=True, squeeze=False)[0]
    for axis, world in zip(axes, worlds, strict=True):
        for comparison in comparisons:
            if comparison["world"] != world:
                continue
            difference = comparison["difference"]
            row = variants.index(comparison["variant"])
            axis.plot(
                [100 * difference["low"], 100 * difference["high"]],
                [row, row],
                color="tab:blue",
                linewidth=2,
            )
            axis.plot(100 * difference["mean"], row, "o", color="tab:blue")
        axis.axvline(0.0, color="grey", linewidth=1)
        axis.set_title(world, fontsize=10)
        axis.set_xlabel("AUC, hundredths above none")
        axis.grid(axis="x", alpha=0.3)
    axes[0].set_yticks(range(len(variants)), variants)
    axes[0].invert_yaxis()
    figure.suptitle(title, fontsize=11)
    with atomic_path(path) as draft:
        figure.savefig(draft, format="png", dpi=120)
