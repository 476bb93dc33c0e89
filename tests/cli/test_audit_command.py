"""`fndrec audit`, on a tiny shop whose truth is known."""

import csv
import importlib.util
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny_teacher

import fndrec
from fndrec.cli import main
from fndrec.data import SyntheticShop, load_data


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shops") / "shop"
    SyntheticShop.generate(
        folder,
        num_users=12,
        items_per_category=12,
        likes_per_user=10,
        image_size=16,
    )
    return folder


@pytest.fixture(scope="module")
def photo_model(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    data = load_data(shop).with_photos(16)
    tiny_teacher(data).save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def model(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher of ids, which is quick."""
    folder = tmp_path_factory.mktemp("models")
    data = load_data(shop)
    tiny_teacher(data, use_id=True).save(folder / "model.keras")
    return folder


def run(*words: object) -> int:
    return main([str(word) for word in words])


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_audit(
    photo_model: Path,
    shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "new" / "audit.csv"
    words = ["audit", photo_model, shop, "--out", out]
    options = ["--negatives", 6, "--split", "valid", "--seed", 3]
    assert run(*words, *options, "--prior", 0.2) == 0
    shown = capsys.readouterr().out
    audit = fndrec.audit_negatives(
        fndrec.load_model(photo_model / "model.keras"),
        load_data(shop).with_photos(16),
        negatives=6,
        split="valid",
        seed=3,
        prior=0.2,
    )
    truth = SyntheticShop.open(shop).truth
    judged = audit.precision_recall(truth)
    assert shown == f"{audit}\n{judged}\nThe pairs are in {out}\n"
    rows = read(out)
    assert [row["user_id"] for row in rows] == audit.user_id
    assert [row["item_ids"] for row in rows] == audit.item_ids
    np.testing.assert_allclose(
        [float(row["probability"]) for row in rows],
        audit.probability,
        rtol=1e-5,
    )
    assert sorted(path.name for path in out.parent.iterdir()) == [
        *("audit.csv", "run.json")
    ]
    record = json.loads((out.parent / "run.json").read_text())
    assert record["command"] == "audit"
    assert record["metrics"]["pairs"] == len(audit)
    assert record["metrics"]["prior"] == 0.2
    found = record["metrics"]["truth"]
    assert found["average_precision"] == judged.average_precision
    assert found["base_rate"] == judged.base_rate


def test_a_file_that_is_there(
    model: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "audit.csv"
    out.write_text("mine")
    words = ["audit", model, shop, "--out", out, "--negatives", 2]
    assert run(*words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "audit.csv" in error
    assert "--overwrite" in error
    assert out.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [out]
    assert run(*words, "--overwrite") == 0
    assert read(out)
    assert run("audit", model, shop, "--out", tmp_path, "--overwrite") == 2
    assert "should be a file" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["item_ids", "outfit_id"])
def test_given_pairs(
    model: Path, shop: Path, tmp_path: Path, column: str
) -> None:
    data = load_data(shop)
    pairs = [(data.users[row], data.outfits[2 * row]) for row in range(5)]
    with open(tmp_path / "pairs.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["seen", "user_id", column])
        for user, outfit in pairs:
            items = data.outfit_item_ids(int(data.outfits.rows([outfit])[0]))
            named = outfit if column == "outfit_id" else ";".join(items)
            writer.writerow(["yes", user, named])
    out = tmp_path / "out.csv"
    words = ["audit", model, shop, "--out", out]
    assert run(*words, "--pairs", tmp_path / "pairs.csv") == 0
    rows = read(out)
    assert {(row["user_id"], row["outfit_id"]) for row in rows} == set(pairs)
    values = [float(row["probability"]) for row in rows]
    assert values == sorted(values, reverse=True)


def test_a_shop_without_a_truth(
    model: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(shop, tmp_path / "shop")
    (tmp_path / "shop" / "truth.npz").unlink()
    words = ["audit", model, tmp_path / "shop", "--out", tmp_path / "out.csv"]
    assert run(*words, "--negatives", 2) == 0
    assert "Against" not in capsys.readouterr().out
    record = json.loads((tmp_path / "run.json").read_text())
    assert "truth" not in record["metrics"]
    assert 0 <= record["metrics"]["prior"] <= record["metrics"]["prior_bound"]


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('unpickled')",)


def test_nothing_is_unpickled(
    model: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(shop, tmp_path / "shop")
    (tmp_path / "shop" / "truth.npz").write_bytes(pickle.dumps(Trap()))
    out = tmp_path / "out.csv"
    assert run("audit", model, tmp_path / "shop", "--out", out) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "truth.npz" in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--split", "holdout"], "'holdout'"),
        (["--calibration", "train"], "not trained on"),
        (["--calibration", "holdout"], "'holdout'"),
        (["--prior", "1.5"], "prior=1.5"),
        (["--pairs", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_input_that_cannot_be_used(
    model: Path,
    shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    named: str,
) -> None:
    out = tmp_path / "out.csv"
    assert run("audit", model, shop, "--out", out, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("fndrec audit: error: ")
    assert error.count("\n") == 1
    assert named in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("user_id,item_ids\nu0,top0\n", "'u0'"),
        ("user_id,item_ids\nu00,top00\nu00,hat\n", "row 2"),
        ("user_id,outfit_id\nu00,none\n", "'none'"),
        ("user_id,item\nu00,top00\n", "`outfit_id` or `item_ids`"),
        ("item_ids\ntop00\n", "`user_id`"),
    ],
)
def test_pairs_that_cannot_be_used(
    model: Path,
    shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    named: str,
) -> None:
    pairs, out = tmp_path / "pairs.csv", tmp_path / "out.csv"
    pairs.write_text(content)
    assert run("audit", model, shop, "--out", out, "--pairs", pairs) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "pairs" in error
    assert named in error
    assert list(tmp_path.iterdir()) == [pairs]


def test_a_shop_with_few_held_out_likes(
    model: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(shop, copy)
    lines = (copy / "valid.csv").read_text().splitlines()[:8]
    (copy / "valid.csv").write_text("\n".join(lines) + "\n")
    assert run("audit", model, copy, "--out", tmp_path / "out.csv") == 2
    error = capsys.readouterr().err
    assert "7 in split 'valid'" in error
    assert error.count("\n") == 1


def test_the_extra_is_named(
    model: Path,
    shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "sklearn" else find(name, *rest),
    )
    assert run("audit", model, shop, "--out", tmp_path / "out.csv") == 2
    error = capsys.readouterr().err
    assert ".[audit]'" in error
    assert error.count("\n") == 1
