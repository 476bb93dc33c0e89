"""`fndrec explain`."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from tiny_models import copy_shop, tiny_teacher

import fndrec
from fndrec.cli import main
from fndrec.data import OutfitData, load_data, write_csv


@pytest.fixture(scope="module")
def shop(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("shops") / "photos"
    copy_shop(tiny_photo_data, folder)
    return folder


@pytest.fixture(scope="module")
def model(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_teacher(tiny_photo_data).save(folder / "model.keras")
    return folder


def run(*words: object) -> int:
    return main(["explain", *map(str, words)])


def read_rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_best(model: Path, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    assert run(model, shop, "--user", "user3", "-k", 2, "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "explain.csv",
        "explain.png",
        "run.json",
    ]
    rows = read_rows(out / "explain.csv")
    assert list(rows[0]) == [
        *("user_id", "rank", "item_ids", "score", "known", "outfit_id"),
        *("item_id", "category", "contribution", "attention"),
        *("head_attention", "liked_outfits", "nearest_liked"),
        "nearest_cosine",
    ]
    # The same as from Python.
    data = load_data(shop).with_photos(16)
    loaded = fndrec.load_model(model / "model.keras")
    best = fndrec.recommend(loaded, data, ["user3"], k=2)[0]
    found = fndrec.explain(
        loaded, data, "user3", [one.outfit_id for one in best]
    )
    expected = [
        (rank, why.outfit_id, item_id, contribution, attention)
        for rank, why in enumerate(found, 1)
        for item_id, contribution, attention in zip(
            why.item_ids, why.contribution, why.attention, strict=True
        )
    ]
    assert len(rows) == len(expected)
    for row, (rank, outfit_id, item_id, *numbers) in zip(
        rows, expected, strict=True
    ):
        assert (row["user_id"], row["known"]) == ("user3", "1")
        assert (int(row["rank"]), row["outfit_id"]) == (rank, outfit_id)
        assert row["item_id"] == item_id
        np.testing.assert_allclose(
            [float(row["contribution"]), float(row["attention"])],
            numbers,
            atol=1e-4,
        )
        assert row["nearest_liked"].count(";") == 2
    assert min(imread(out / "explain.png").shape[:2]) > 500
    record = json.loads((out / "run.json").read_text())
    assert record["metrics"] == {
        "rows": len(rows),
        "outfits": 2,
        "known_user": True,
    }


def test_outfits_and_items_of_an_unknown_user(
    model: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (model, shop, "--user", "nobody", "--out", tmp_path)
    assert run(*words, "--outfit", "outfit2", "outfit0") == 0
    rows = read_rows(tmp_path / "explain.csv")
    assert [row["outfit_id"] for row in rows] == ["outfit2"] * 3 + ["outfit0"]
    assert {row["known"] for row in rows} == {"0"}
    assert {row["liked_outfits"] for row in rows} == {"0"}
    assert {row["nearest_liked"] for row in rows} == {""}
    assert run(*words, "--items", "item4;item1", "item9") == 0
    rows = read_rows(tmp_path / "explain.csv")
    assert [row["item_ids"] for row in rows] == ["item4;item1"] * 2 + ["item9"]
    assert {row["outfit_id"] for row in rows} == {""}
    assert "explain.png" in capsys.readouterr().out


def test_a_shop_without_photos(tiny_data: OutfitData, tmp_path: Path) -> None:
    write_csv(tiny_data, tmp_path / "shop")
    (tmp_path / "model").mkdir()
    tiny_teacher(tiny_data).save(tmp_path / "model" / "model.keras")
    out = tmp_path / "out"
    words = (tmp_path / "model", tmp_path / "shop", "--user", "user1")
    assert run(*words, "--items", "item4;item1", "--out", out) == 0
    assert (out / "explain.png").is_file()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--outfit", "outfit1", "o99"], ["`outfit_ids`", "'o99'"]),
        (["--items", "item1;x9"], ["`item_sets`", "'x9'"]),
        (["--items", "item1;item1"], ["once", "'item1'"]),
        (["--items", ""], ["1 to 8 items", "0 items"]),
        (
            ["--items", ";".join(f"item{i}" for i in range(9))],
            ["1 to 8 items", "9 items"],
        ),
    ],
)
def test_bad_input(
    model: Path,
    shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    named: list[str],
) -> None:
    out = tmp_path / "out"
    assert run(model, shop, "--user", "user1", *words, "--out", out) == 2
    error = capsys.readouterr().err
    assert error.startswith("fndrec explain: error: ")
    assert error.count("\n") == 1
    for name in named:
        assert name in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "one of the arguments --outfit --items -k is required"),
        (["--outfit", "outfit1", "-k", "2"], "not allowed with argument"),
        (["--outfit", "o", "--items", "i"], "not allowed with argument"),
        (["-k", "0"], "expected a positive integer, received '0'"),
        (["-k", "1", "--nearest", "-1"], "expected a non-negative integer"),
    ],
)
def test_bad_choice(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("model", "shop", "--user", "user1", "--out", "out", *words)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
