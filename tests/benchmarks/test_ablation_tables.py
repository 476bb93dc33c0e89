"""The ablation's tables, computed again from its records."""

import json
from pathlib import Path

import pytest

from benchmarks.ablation import __main__ as ablation
from benchmarks.common.worlds import Places
from benchmarks.fill.__main__ import RESULTS


@pytest.mark.slow
def test_all_tables_follow_from_the_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def train(*_: object, **__: object) -> None:
        raise AssertionError("a record is missing")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", train)
    monkeypatch.setattr(ablation.Study, "write", lambda self: None)
    study = ablation.Study(Places(Path(RESULTS)), 1)
    ablation.full(study, "shares")
    stored = json.loads((RESULTS / "ablation.json").read_text("utf-8"))
    assert study.choices == stored["choices"]
    assert study.comparisons == stored["comparisons"]
    computed = [vars(section) for section in study.sections]
    assert json.loads(json.dumps(computed)) == stored["sections"]
    for section in stored["sections"]:
        assert all(all(row) for row in section["rows"]), section["title"]
        page = (RESULTS / "ablation.md").read_text("utf-8")
        for row in section["rows"]:
            assert f"| {' | '.join(row)} |\n" in page
