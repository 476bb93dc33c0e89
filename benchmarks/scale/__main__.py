"""A cost model of the whole, fitted here and checked here, and its predictions.

    python -m benchmarks.scale --out benchmarks/results

Times are core-seconds of the process on one thread, as other processes of a
shared machine take time on the clock but not these. Each law is fitted to some
measurements and checked against others, which it has not seen.
"""

import os

for _name in ("INTRAOP", "INTEROP"):
    # Read when TensorFlow is imported.
    os.environ[f"TF_NUM_{_name}_THREADS"] = "1"

import argparse  # noqa: E402
import dataclasses  # noqa: E402
import json  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.common.report import (  # noqa: E402
    Section,
    markdown,
    write_json,
)
from benchmarks.scale import (  # noqa: E402
    network,
    prediction,
    serving,
    sizes,
    training,
)
from benchmarks.scale.law import Law, Point  # noqa: E402
from fndrec.files import atomic_write  # noqa: E402

LIMIT = 0.2
"""How far a prediction may be off."""


def main() -> None:
    """Measures what is not measured yet, fits, checks, predicts, writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("study"))
    parser.add_argument(
        "--work",
        type=Path,
        default=None,
        help="folder where measurements are kept, to go on from",
    )
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder) / "work"
        scratch = Path(folder)
        measure: dict[str, tuple[str, Callable[[], list[Point]]]] = {
            "training step": (
                "core-seconds",
                lambda: training.points(scratch, args.rounds),
            ),
            "embedding": (
                "core-seconds",
                lambda: serving.embedding(scratch),
            ),
            "outfits": (
                "core-seconds",
                lambda: serving.outfits(args.rounds),
            ),
            "ranking": (
                "core-seconds",
                lambda: serving.ranking(args.rounds),
            ),
            "checkpoint": ("bytes", lambda: sizes.checkpoints(scratch)),
            "photo store": ("bytes", lambda: sizes.photos(scratch)),
            "index": ("bytes", lambda: sizes.indexes(scratch)),
            "network": ("bytes", network.points),
        }
        found = {
            name: _kept(work / f"{name}.json", run)
            for name, (_, run) in measure.items()
        }
    units = {name: unit for name, (unit, _) in measure.items()}
    laws = {
        name: Law.fitted(points) for name, points in found.items() if points
    }
    sections = [
        _costs(laws, units),
        _check(found, laws, units),
        *prediction.sections(laws),
    ]
    write_json(
        args.out / "scale.json",
        {
            "points": {
                name: [dataclasses.asdict(p) for p in points]
                for name, points in found.items()
            },
            "laws": {name: dict(law.cost) for name, law in laws.items()},
            "sections": [vars(section) for section in sections],
        },
    )
    page = markdown("Scale", sections)
    atomic_write(args.out / "scale.md", page)
    print(page)


def _kept(path: Path, run: Callable[[], list[Point]]) -> list[Point]:
    """Measurements of an earlier run, or new ones."""
    if not path.exists():
        points = run()
        text = json.dumps([dataclasses.asdict(point) for point in points])
        atomic_write(path, text)
    kept: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return [Point(**one) for one in kept]


def _costs(laws: dict[str, Law], units: dict[str, str]) -> Section:
    rows = [
        [name, term, f"{cost:.3g} {units[name]}"]
        for name, law in laws.items()
        for term, cost in law.cost.items()
    ]
    return Section(
        "What one of each costs",
        "Fitted to the measurements that are not held out.",
        ("", "of each", "cost"),
        rows,
    )


def _check(
    found: dict[str, list[Point]], laws: dict[str, Law], units: dict[str, str]
) -> Section:
    rows = []
    for name, law in laws.items():
        errors = law.errors(found[name])
        for point, error in zip(found[name], errors, strict=True):
            if not point.held_out:
                continue
            predicted = law(**point.terms)
            rows.append(
                [
                    name,
                    point.name,
                    f"{predicted:.3g}",
                    f"{point.value:.3g} {units[name]}",
                    f"{error:+.0%}",
                    "yes" if abs(error) <= LIMIT else "**no**",
                ]
            )
    return Section(
        "Predicted and measured",
        "What is held out of the fits.",
        ("", "", "predicted", "measured", "off by", f"within {LIMIT:.0%}"),
        rows,
    )


if __name__ == "__main__":
    main()
