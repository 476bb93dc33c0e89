"""That the pages say what the benchmarks wrote."""

import json

import numpy as np
import pytest

from benchmarks import fill

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
    column = section["header"].index("wardrobe, test_auc")
    for row in section["rows"][1:]:
        aucs = [
            run["test_auc"]
            for run in STUDY["runs"]
            if run["settings"]["final"]
            and run["settings"]["world"] == "wardrobe"
            and run["settings"]["variant"]["name"] == row[0]
        ]
        if row[column]:
            assert len(aucs) == 5
            mean = float(row[column].split()[0])
            assert mean == pytest.approx(100 * np.mean(aucs), abs=0.0051)


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
