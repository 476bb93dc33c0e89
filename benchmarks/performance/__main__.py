"""Measures speed: each part against the plain way and against its limit.

    python -m benchmarks.performance --out DIR --wardrobe DIR --ifashion DIR
    python -m benchmarks.performance --out DIR --quick

All ratios are of one run, in which what is compared takes turns. What was
found is kept in `DIR/performance-PART.json`, so that a part can be done again
alone; `performance.json`, `performance.md` and the pictures in `DIR` show all
parts that have been done.
"""

import argparse
import functools
import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import report
from benchmarks.performance import (
    embedding,
    evaluation,
    growth,
    scoring,
    steps,
)
from fndrec.files import atomic_write

PACKAGES = ("fndrec", "tensorflow", "keras", "numpy")
PARTS = ("steps", "embedding", "evaluation", "scoring", "growth")
Part = Callable[[Path, bool], tuple[list[report.Section], dict[str, Any]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.performance", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="do little")
    parser.add_argument("--wardrobe", type=Path, metavar="DIR")
    parser.add_argument("--ifashion", type=Path, metavar="DIR")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    args = parser.parse_args(arguments)
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Part] = {
        "steps": steps.run,
        "embedding": embedding.run,
        "evaluation": functools.partial(
            evaluation.run, wardrobe=args.wardrobe, ifashion=args.ifashion
        ),
        "scoring": scoring.run,
        "growth": growth.run,
    }
    for name in args.parts:
        started = time.time()
        sections, records = parts[name](out, args.quick)
        report.write_json(
            out / f"performance-{name}.json",
            {
                "quick": args.quick,
                "sections": [vars(section) for section in sections],
                **records,
            },
        )
        print(f"{name}: {time.time() - started:.0f} s", flush=True)
    print(collect(out))


def collect(out: Path) -> str:
    """Puts all parts that have been done into one file and one page.

    Args:
        out: Folder of the parts.

    Returns:
        The page.
    """
    found: dict[str, Any] = {
        "versions": {n: importlib.metadata.version(n) for n in PACKAGES},
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
    }
    sections: list[dict[str, Any]] = []
    for name in PARTS:
        path = out / f"performance-{name}.json"
        if path.exists():
            part = json.loads(path.read_text(encoding="utf-8"))
            sections += part.pop("sections")
            found[name] = part
    report.write_json(out / "performance.json", {**found, "sections": sections})
    page = report.markdown("Speed", [report.Section(**s) for s in sections])
    atomic_write(out / "performance.md", page)
    return page


if __name__ == "__main__":
    main()
