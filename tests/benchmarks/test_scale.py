"""The cost model, and the clock of whole catalogues."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.catalogue.__main__ import steady
from benchmarks.fill import __main__ as fill
from benchmarks.scale.law import Law, Point


def test_a_law_is_found_again() -> None:
    def cost(calls: float, rows: float, held_out: bool = False) -> Point:
        value = 3.0 * calls + 1e-6 * rows
        # What is held out is not looked at.
        value = value * 7 if held_out else value
        return Point("", {"call": calls, "row": rows}, value, held_out)

    points = [cost(1, 10), cost(1, 5e6), cost(2, 1e6), cost(5, 100, True)]
    law = Law.fitted(points)
    assert law.cost == pytest.approx({"call": 3.0, "row": 1e-6})
    assert law(call=2, row=1e6) == pytest.approx(7.0)
    assert law.errors(points) == pytest.approx([0, 0, 0, 1 / 7 - 1])


def test_no_cost_is_below_zero() -> None:
    points = [
        Point("", {"a": 1.0, "b": 1.0}, 1.0),
        Point("", {"a": 1.0, "b": 2.0}, 0.5),
    ]
    assert min(Law.fitted(points).cost.values()) >= 0


def test_the_clock_starts_when_all_are_at_it(tmp_path: Path) -> None:
    """From second 6, when b has done two parts, to 10, when a is done."""
    parts = "a0 a1 b2 b6 a7 b8 a10 b11"
    for at, part in enumerate(parts.split()):
        path = tmp_path / f"part-{at}.parquet"
        table = pa.table({"row": list(range(10 + at))})
        pq.write_table(table.replace_schema_metadata({"worker": part[0]}), path)
        os.utime(path, (100 + int(part[1:]), 100 + int(part[1:])))
    assert steady(tmp_path) == pytest.approx((14 + 15 + 16) / 4)


def test_the_page_says_what_was_off() -> None:
    """Each prediction that missed is marked so on the page."""
    study = json.loads((fill.RESULTS / "scale.json").read_text())
    for name, points in study["points"].items():
        law = Law(study["laws"].get(name, {}))
        rows = [Point(**one) for one in points]
        assert any(p.held_out for p in rows) or not rows
        for point, error in zip(rows, law.errors(rows), strict=True):
            if not point.held_out:
                continue
            section = study["sections"][1]
            found = [r for r in section["rows"] if r[:2] == [name, point.name]]
            assert len(found) == 1
            assert found[0][-1] == ("yes" if abs(error) <= 0.2 else "**no**")
