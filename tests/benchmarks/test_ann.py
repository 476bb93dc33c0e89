"""The comparison of approximate search, on a tiny shop."""

import json
from pathlib import Path

import numpy as np
from tiny_models import tiny_teacher

from benchmarks.ann import __main__ as ann
from fndrec.data import OutfitData, write_csv


def test_recombined_outfits_are_distinct_and_shaped_alike(
    tiny_data: OutfitData,
) -> None:
    found = ann.recombined(tiny_data, 300)
    assert len(np.unique(found, axis=0)) == 300

    def shapes(sets: np.ndarray) -> set[tuple[int, ...]]:
        group = np.where(sets < 0, -1, tiny_data.item_group[sets])
        return {tuple(row) for row in group.tolist()}

    assert shapes(found) <= shapes(tiny_data.outfit_items)


def test_build_and_measure(tiny_data: OutfitData, tmp_path: Path) -> None:
    write_csv(tiny_data, tmp_path / "shop")
    (tmp_path / "model").mkdir()
    tiny_teacher(tiny_data).save(tmp_path / "model" / "model.keras")
    work = ["--work", str(tmp_path / "work"), "--methods", "flat", "hnsw"]
    ann.main(
        [
            *("build", *work, "--outfits", "400"),
            *("--model", str(tmp_path / "model")),
            *("--data", str(tmp_path / "shop")),
        ]
    )
    ann.main(
        ["measure", *work, "--out", str(tmp_path / "out"), "--queries", "3"]
    )
    study = json.loads((tmp_path / "out" / "ann.json").read_text())
    assert study["outfits"] == 400
    methods = study["methods"]
    assert len(methods) == 4
    assert methods[ann.EXACT]["recall"] == 1
    assert methods["faiss Flat (exact)"]["recall"] == 1
    for section in study["sections"]:
        for row in section["rows"]:
            assert len(row) == len(section["header"])
    page = (tmp_path / "out" / "ann.md").read_text()
    assert "## 400 outfits, 8 numbers each" in page
