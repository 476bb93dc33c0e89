"""`fndrec complete` and `fndrec compose`."""

import csv
import json
from pathlib import Path

import pytest
from tiny_models import copy_shop, tiny_teacher

from fndrec import OutfitCompleter, OutfitComposer
from fndrec.cli import main
from fndrec.data import OutfitData


@pytest.fixture(scope="module")
def folder(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A shop whose items have a price, and a model of it."""
    path = tmp_path_factory.mktemp("compose")
    copy_shop(tiny_photo_data, path / "shop")
    items = path / "shop" / "items.csv"
    head, *lines = items.read_text(encoding="utf-8").splitlines()
    priced = [f"{line},{row % 7 + 1}" for row, line in enumerate(lines)]
    # Of unknown price.
    priced[1] = f"{lines[1]},"
    items.write_text("\n".join([f"{head},price", *priced]) + "\n")
    (path / "model").mkdir()
    tiny_teacher(tiny_photo_data).save(path / "model" / "model.keras")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_complete(
    folder: Path, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    partial = tmp_path / "partial.csv"
    partial.write_text(
        "user_id,item_ids,category\nuser1,item0;item3,hat\nnobody,item2,\n"
    )
    out = tmp_path / "out"
    shop, model = str(folder / "shop"), str(folder / "model")
    words = ["complete", model, shop, str(partial), "--out", str(out)]
    assert main([*words, "--k", "3", "--each-max", "price=4"]) == 0
    rows = rows_of(out / "complete.csv")
    price = {f"item{row}": row % 7 + 1 for row in range(40)}
    expected = OutfitCompleter(
        tiny_teacher(tiny_photo_data), tiny_photo_data
    ).complete(
        ["user1", "nobody"], [["item0", "item3"], ["item2"]], ["hat", None], 40
    )
    for number, best in enumerate(expected, 1):
        kept = [
            one
            for one in best
            if price[one.item_id] <= 4 and one.item_id != "item1"
        ][:3]
        shown = [row for row in rows if row["row"] == str(number)]
        assert [row["item_id"] for row in shown] == [
            one.item_id for one in kept
        ]
        for row, one in zip(shown, kept, strict=True):
            assert row["item_ids"] == ";".join(one.item_ids)
            assert float(row["score"]) == pytest.approx(one.score, abs=1e-3)
            assert row["known"] == str(int(one.known))
    assert (out / "complete.png").stat().st_size > 1000
    assert json.loads((out / "run.json").read_text())["command"] == "complete"


def test_compose(
    folder: Path, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    shop, model = str(folder / "shop"), str(folder / "model")
    words = [
        *("compose", model, shop, "--users", "user1", "nobody"),
        *("--template", "hat", "top", "any", "--out", str(tmp_path)),
    ]
    assert (
        main([*words, "--k", "2", "--must", "item5", "--max-shared", "0"]) == 0
    )
    rows = rows_of(tmp_path / "compose.csv")
    composer = OutfitComposer(tiny_teacher(tiny_photo_data), tiny_photo_data)
    expected = [
        ";".join(one.item_ids)
        for user in ("user1", "nobody")
        for one in composer.compose(
            user, ["hat", "top", None], 2, must=["item5"], max_shared=0
        ).outfits
    ]
    assert [row["item_ids"] for row in rows] == expected
    assert [row["user_id"] for row in rows] == ["user1"] * 2 + ["nobody"] * 2
    assert all(row["optimal"] == "1" for row in rows)
    assert (tmp_path / "compose.png").stat().st_size > 1000
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["metrics"]["space"] == 10 * 39


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--template", "sock"], "`template`"),
        (["--template", "hat", "--must", "x"], "`must`"),
        (["--template", "hat", "--sum-max", "cost=3"], "cost"),
        (["--template", "hat", "--sum-max", "price=0"], "'price'"),
        (
            ["--template", "hat", "--each-max", "category=1"],
            "row 1: `category`",
        ),
    ],
)
def test_one_clear_error(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    out = tmp_path / "out"
    command = [
        *("compose", str(folder / "model"), str(folder / "shop")),
        *("--users", "user1", "--out", str(out), *words),
    ]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.startswith("fndrec compose: error: ")
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists()
    with pytest.raises(SystemExit):
        main([*command, "--sum-max", "price"])
