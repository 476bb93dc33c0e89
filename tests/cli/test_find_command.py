"""`fndrec find`, on a tiny shop."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tiny_models import copy_shop, tiny_teacher

import fndrec
from fndrec.cli import main
from fndrec.data import OutfitData, load_data
from fndrec.models import FNDTeacher


@pytest.fixture(scope="module")
def shop(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("find") / "shop"
    copy_shop(tiny_photo_data, folder)
    return folder


@pytest.fixture(scope="module")
def model(tiny_photo_data: OutfitData) -> FNDTeacher:
    made = tiny_teacher(tiny_photo_data)
    # Users start near one another.
    table = made.user_embedding.embedding.embeddings
    table.assign(np.random.default_rng(0).normal(size=table.shape))
    return made


@pytest.fixture(scope="module")
def model_dir(
    model: FNDTeacher, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("find") / "model"
    folder.mkdir()
    model.save(folder / "model.keras")
    return folder


def find(*words: object) -> int:
    return main(["find", *map(str, words)])


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "find.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_for_users(
    shop: Path,
    model_dir: Path,
    model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
) -> None:
    users = ["user3", "user11"]
    options = [
        "--exclude-items",
        "item1",
        "item2",
        "--exclude-outfits",
        "outfit9",
    ]
    out = tmp_path / "out"
    assert (
        find(model_dir, shop, "--user", *users, "-k", 4, *options, "--out", out)
        == 0
    )
    assert sorted(path.name for path in out.iterdir()) == [
        "find.csv",
        "find.png",
        "run.json",
    ]
    expected = fndrec.recommend(
        model,
        tiny_photo_data,
        users,
        4,
        where=fndrec.OutfitFilter(
            exclude_items=["item1", "item2"], exclude_outfits=["outfit9"]
        ),
    )
    rows = rows_of(out)
    assert [
        (row["user_id"], row["outfit_id"], row["item_ids"], row["known"])
        for row in rows
    ] == [
        (one.user_id, one.outfit_id, ";".join(one.item_ids), str(int(known)))
        for known, found in zip((True, False), expected, strict=True)
        for one in found
    ]
    assert [row["rank"] for row in rows] == list("12341234")
    np.testing.assert_allclose(
        [float(row["score"]) for row in rows],
        [one.score for found in expected for one in found],
        atol=1e-4,
    )
    record = json.loads((out / "run.json").read_text())
    assert record["metrics"] == {"rows": 8}
    assert record["arguments"]["user"] == users


def test_liked_outfits_on_request(
    shop: Path, model_dir: Path, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    words = [model_dir, shop, "--user", "user2", "-k", 60, "--out", tmp_path]
    find(*words)
    few = {row["outfit_id"] for row in rows_of(tmp_path)}
    find(*words, "--include-liked")
    every = {row["outfit_id"] for row in rows_of(tmp_path)}
    liked = fndrec.retrieval.liked_outfits(tiny_photo_data, ["user2"])[0]
    assert every == set(tiny_photo_data.outfits)
    assert few == every - set(liked)


def test_for_outfits_and_sets_of_items(
    shop: Path, model_dir: Path, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    find(
        *(model_dir, shop, "--outfit", "outfit7", "outfit3", "-k", 5),
        *("--approximate", "--out", tmp_path / "a"),
    )
    rows = rows_of(tmp_path / "a")
    assert list(rows[0]) == ["query", "rank", "item_ids", "score", "outfit_id"]
    assert [row["query"] for row in rows] == 5 * ["outfit7"] + 5 * ["outfit3"]
    assert not {"outfit7"} & {row["outfit_id"] for row in rows[:5]}
    # The same items in another order are the same query.
    items = tiny_photo_data.outfit_item_ids(7)
    text = ";".join(reversed(items))
    find(
        *(model_dir, shop, "--items", "item4", text, "-k", 6),
        *("--out", tmp_path / "b"),
    )
    again = rows_of(tmp_path / "b")
    assert again[6]["query"] == text
    assert again[6]["outfit_id"] == "outfit7"
    assert float(again[6]["score"]) == pytest.approx(1, abs=1e-4)
    for one, two in zip(rows[:5], again[7:], strict=True):
        assert float(one["score"]) == pytest.approx(
            float(two["score"]), abs=1e-4
        )


def test_out_of_stock_and_categories(
    shop: Path, model_dir: Path, tmp_path: Path
) -> None:
    sold_out = [f"item{i}" for i in range(0, 40, 3)]
    (tmp_path / "sold.txt").write_text("\n".join(sold_out) + "\n")
    find(
        *(model_dir, shop, "--user", "user1", "-k", 60, "--category"),
        *("hat", "top", "--out-of-stock", tmp_path / "sold.txt"),
        *("--include-liked", "--out", tmp_path / "out"),
    )
    data = load_data(shop)
    expected = set()
    for row, name in enumerate(data.outfits):
        items = data.outfit_item_ids(row)
        if all(int(i[4:]) % 4 in (1, 3) for i in items) and not (
            set(items) & set(sold_out)
        ):
            expected.add(name)
    assert expected
    assert {r["outfit_id"] for r in rows_of(tmp_path / "out")} == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--user", "user1", "nobody"], "--user should name users"),
        (["--outfit", "outfit1", "x"], "--outfit should name outfits"),
        (["--items", "item1;x"], "'x' in 'item1;x'"),
        (["--items", "item1;item1"], "each item of a set once"),
        (["--user", "user1", "-k", "61"], "at most the number of outfits, 60"),
        (["--user", "user1", "--contains", "x"], "`contains` should name"),
        (
            ["--user", "user1", "--exclude-items", "x"],
            "`exclude_items` should name",
        ),
        (
            ["--user", "user1", "--exclude-outfits", "x"],
            "`exclude_outfits` should name",
        ),
        (["--user", "user1", "--category", "sock"], "`categories` should"),
        (
            [
                "--user",
                "user1",
                "--contains",
                "item1",
                "--exclude-items",
                "item1",
            ],
            "should leave an outfit",
        ),
        (["--user", "user1", "--out-of-stock", "none.txt"], "none.txt"),
    ],
)
def test_one_clear_error_each(
    shop: Path,
    model_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    assert find(model_dir, shop, *words, "--out", tmp_path / "out") == 2
    error = capsys.readouterr().err.splitlines()
    assert message in error[-1]
    assert not (tmp_path / "out").exists()


def test_nothing_left_for_one_user(
    shop: Path,
    model_dir: Path,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    liked = fndrec.retrieval.liked_outfits(tiny_photo_data, ["user2"])[0]
    others = sorted(set(tiny_photo_data.outfits) - set(liked))
    words = [model_dir, shop, "--user", "user2", "--exclude-outfits", *others]
    assert find(*words, "--out", tmp_path / "out") == 2
    assert "--user user2: an outfit was expected" in capsys.readouterr().err


@pytest.mark.parametrize("k", ["0", "-1", "many"])
def test_k(tmp_path: Path, k: str) -> None:
    with pytest.raises(SystemExit):
        find("m", "d", "--user", "u", "-k", k, "--out", tmp_path)
