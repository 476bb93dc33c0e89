"""What towers of photos cost, counted and not timed.

    python -m benchmarks.towers --out DIR

Weights and multiply-adds of a photo for AlexNets of several widths and for
some models of `keras.applications`; and beside them what `benchmarks.widths`
found students of several widths to be worth. Writes `towers.json` and
`towers.md`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from benchmarks.common import report
from benchmarks.fill.__main__ import RESULTS
from fndrec.evaluation import multiply_adds
from fndrec.files import atomic_write
from fndrec.layers import ImageTower

DIM = 64
WIDTHS = (0.08, 0.25, 0.5, 1.0)
APPLICATIONS = (
    "MobileNetV3Small",
    "MobileNetV3Large",
    "EfficientNetV2B0",
    "ResNet50",
)
SIZES = (64, 224)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.towers", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--applications", nargs="*", default=list(APPLICATIONS))
    parser.add_argument("--widths", type=Path, default=RESULTS / "widths.json")
    args = parser.parse_args(arguments)
    rows = [_row(f"AlexNet, width {w:g}", "alexnet", w) for w in WIDTHS]
    rows += [_row(name, name, 1.0) for name in args.applications]
    sections = [
        report.Section(
            "Towers",
            f"Towers to {DIM} numbers. Counted from their graphs.",
            ("tower", "weights", *(f"millions, {s} px" for s in SIZES)),
            rows,
        ),
        report.Section(
            "Widths",
            "Students of a generated shop, from `widths.json`.",
            ("model", "AUC", "weights", "millions of an item"),
            _widths(args.widths),
        ),
    ]
    args.out.mkdir(parents=True, exist_ok=True)
    found = {"sections": [vars(section) for section in sections]}
    report.write_json(args.out / "towers.json", found)
    page = report.markdown("Towers", sections)
    atomic_write(args.out / "towers.md", page)
    print(page)


def _row(name: str, backbone: str, width: float) -> list[str]:
    cells = [name]
    for size in SIZES:
        tower = ImageTower(DIM, size, backbone, width)
        tower.build()
        photo = tf.TensorSpec((1, size, size, 3), tf.uint8)
        if size == SIZES[0]:
            cells.append(f"{tower.count_params():,}")
        cells.append(f"{multiply_adds(tower, photo) / 1e6:,.1f}")
    return cells


def _widths(path: Path) -> list[list[str]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    metrics = found["evaluation"]["metrics"]
    return [
        [
            name,
            f"{metrics[name]['auc']:.3f}",
            f"{cost['parameters_without_users']:,}",
            f"{cost['multiply_adds_per_item'] / 1e6:,.1f}",
        ]
        for name, cost in found["costs"].items()
    ]


if __name__ == "__main__":
    main()
