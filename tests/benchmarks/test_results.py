"""That the pages say what the benchmarks wrote."""

import json

import numpy as np
import pytest

from benchmarks.common.records import Records
from benchmarks.fill import __main__ as fill

STUDY = json.loads((fill.RESULTS / "ablation.json").read_text())


@pytest.mark.parametrize("name", fill.PAGES)
def test_tables_of_the_pages_are_those_of_the_results(name: str) -> None:
    text = (fill.ROOT / "docs" / name).read_text(encoding="utf-8")
    assert fill.MARK.search(text)
    assert fill.filled(text) == text


def test_a_table_that_is_not_there() -> None:
    page = "<!-- table ablation: No such thing -->\n<!-- end -->"
    with pytest.raises(LookupError, match="No such thing"):
        fill.filled(page)


def test_tables_follow_from_the_runs() -> None:
    """The means of the last comparison, from its single runs."""
    section = next(
        s
        for s in STUDY["sections"]
        if s["title"] == "On likes that no choice has seen"
    )
    columns = {
        world: section["header"].index(f"{world}, test_auc")
        for world in ("wardrobe", "wardrobe-features")
        if f"{world}, test_auc" in section["header"]
    }
    assert "wardrobe" in columns
    for world, column in columns.items():
        aucs: dict[str, list[float]] = {}
        for run in STUDY["runs"]:
            settings = run["settings"]
            if settings["final"] and settings["world"] == world:
                name = settings["variant"]["name"]
                aucs.setdefault(name, []).append(run["test_auc"])
        # The first row is the teacher.
        shown = {row[0]: row[column] for row in section["rows"][1:]}
        filled = {name for name, cell in shown.items() if cell}
        # No run is left out, and no cell stands without runs.
        assert filled == aucs.keys() & shown.keys()
        assert len(filled) > 3
        for name in filled:
            assert len(aucs[name]) == 5
            mean = float(shown[name].split()[0])
            assert mean == pytest.approx(100 * np.mean(aucs[name]), abs=0.0051)


def test_the_records_are_those_of_the_study() -> None:
    """`ablation.json` lists each run; its record has the same numbers."""
    for run in STUDY["runs"]:
        settings = run["settings"]
        records = Records(
            fill.RESULTS / "runs" / f"{settings['world']}.jsonl"
        ).read()
        same = [r for r in records.values() if r["settings"] == settings]
        assert len(same) == 1
        for key in ("test_auc", "valid_auc"):
            assert run.get(key) == same[0].get(key)


def test_the_default_is_the_choice() -> None:
    """What `fndrec distill` does by default is what was chosen."""
    from fndrec.cli.main import parser

    words = ["distill", "data", "--teacher", "t", "--out", "s"]
    args = parser().parse_args(words)
    chosen = STUDY["choices"]["default"]
    kinds = [kind for kind in ("fnd", "kd") if chosen[kind]]
    assert args.distillation == "+".join(kinds)
    assert args.alpha == STUDY["choices"]["fnd"]["alpha"]
    assert args.kd_temperature == chosen["temperature"]
    assert args.kd_weight == chosen["weight"]
    assert args.contrastive == chosen["contrastive"]
