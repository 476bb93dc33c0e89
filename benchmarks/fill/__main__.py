"""Puts the tables of `benchmarks/results` into the pages of `docs`.

    python -m benchmarks.fill

Between `<!-- table FILE: TITLE -->` and `<!-- end -->` of a page stands the
table TITLE of `benchmarks/results/FILE.json`, so that each number of it is one
that a benchmark wrote.
"""

import json
import re
from pathlib import Path

from benchmarks.common.report import table
from fndrec.files import atomic_write

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (
    "train/results.md",
    "train/results-appendix.md",
    "evaluate/audit.md",
    "evaluate/evaluation.md",
    "serve/performance.md",
    "serve/serving.md",
    "serve/export.md",
    "recommend/find.md",
    "recommend/compose.md",
    "recommend/new-users.md",
    "start/own-shop.md",
    "train/towers.md",
    "scale/distributed.md",
    "scale/costs.md",
)
MARK = re.compile(
    r"<!-- table (?P<file>\w+): (?P<title>.+?) -->\n.*?<!-- end -->", re.DOTALL
)


def filled(text: str) -> str:
    """A page with its tables as the results have them now.

    Args:
        text: The page.

    Returns:
        The page.

    Raises:
        LookupError: If a table is not in its file.
    """

    def fill(mark: re.Match[str]) -> str:
        path = RESULTS / f"{mark['file']}.json"
        study = json.loads(path.read_text(encoding="utf-8"))
        for section in study["sections"]:
            if section["title"] == mark["title"]:
                found = table(section["header"], section["rows"])
                return (
                    f"<!-- table {mark['file']}: {mark['title']} -->\n"
                    f"{found}\n<!-- end -->"
                )
        raise LookupError(f"{path}: no table {mark['title']!r}")

    return MARK.sub(fill, text)


def main() -> None:
    """The command."""
    for name in PAGES:
        path = ROOT / "docs" / name
        atomic_write(path, filled(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
