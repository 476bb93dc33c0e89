"""The commands, on a tiny shop."""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tiny_models import copy_shop

import fndrec
from fndrec.cli import main
from fndrec.cli.main import parser
from fndrec.data import OutfitData, load_data, write_csv
from fndrec.evaluation import SampledNegatives
from fndrec.models import align

TINY = [
    *("--epochs", "1", "--batch-size", "50", "--negatives", "2"),
    *("--dim", "8", "--width", "0.05"),
]


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def run_module(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fndrec", *map(str, words)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )


def read_rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def photo_shop(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("shops") / "photos"
    copy_shop(tiny_photo_data, folder)
    return folder


@pytest.fixture(scope="module")
def plain_shop(
    tiny_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("shops") / "plain"
    write_csv(tiny_data, folder)
    return folder


@pytest.fixture(scope="module")
def photo_model(
    photo_shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A teacher of photos, from the command line."""
    out = tmp_path_factory.mktemp("models") / "new" / "teacher"
    done = run_module(
        *("train", photo_shop, "--out", out, *TINY, "--image-size", 16)
    )
    assert done.returncode == 0, done.stderr
    assert f"The model is in {out}" in done.stdout
    assert "item popularity" in done.stdout
    assert "\r" not in done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def plain_model(
    plain_shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("models") / "teacher"
    run("train", plain_shop, "--out", out, *TINY, "--seed", 3)
    return out


def test_train(photo_model: Path, photo_shop: Path) -> None:
    assert sorted(path.name for path in photo_model.iterdir()) == [
        "model.keras",
        "run.json",
    ]
    assert [path.name for path in photo_model.parent.iterdir()] == ["teacher"]
    record = json.loads((photo_model / "run.json").read_text())
    assert record["command"] == "train"
    assert record["arguments"]["data_dir"] == str(photo_shop)
    assert record["arguments"]["epochs"] == 1
    assert record["seed"] == 0
    assert record["versions"]["tensorflow"] == tf.__version__
    assert record["seconds"] > 0
    assert 100 < record["peak_memory_mb"] < 10_000
    model = fndrec.load_model(photo_model / "model.keras")
    assert isinstance(model, fndrec.FNDTeacher)
    assert record["parameters"] == model.count_params()
    assert sorted(model.item_tower.towers) == ["category", "feature", "image"]
    assert len(record["history"]["loss"]) == 1
    # The metrics are those of the model that was kept.
    data = load_data(photo_shop).with_photos(16)
    found = fndrec.evaluate(model, data).metrics["model"]
    assert record["metrics"]["metrics"]["teacher"] == pytest.approx(found)
    assert record["history"]["val_auc"] == [pytest.approx(found["auc"])]


def test_users_by_likes_begin_with_a_table(
    plain_model: Path, plain_shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "history"
    run(
        *("train", plain_shop, "--out", out, *TINY, "--learning-rate", 1e-9),
        *("--users", "history", "--table", plain_model),
    )
    model = fndrec.load_model(out / "model.keras")
    assert model.knows_users_by_likes
    assert model.vocabulary is not None
    assert not len(model.vocabulary.users)
    # At no rate the layers stay what they were.
    table = fndrec.load_model(plain_model / "model.keras")
    assert model.vocabulary.items.ids.equals(table.vocabulary.items.ids)
    data = load_data(plain_shop)
    _, data = align(table, data)
    found = model.embed_outfits(model.embed_items(data), data.outfit_items)
    expected = table.embed_outfits(table.embed_items(data), data.outfit_items)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    "kind",
    [
        "fnd+kd",
        "kd",
        pytest.param("fnd", marks=pytest.mark.slow),
        pytest.param("none", marks=pytest.mark.slow),
    ],
)
def test_distill(
    plain_model: Path,
    plain_shop: Path,
    tmp_path: Path,
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "student"
    contrastive = "0" if kind == "none" else "0.1"
    run(
        *("distill", plain_shop, "--teacher", plain_model, "--out", out),
        *(*TINY, "--distillation", kind, "--contrastive", contrastive),
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines if "|" in line][
        2:
    ] == [
        "student",
        "teacher",
        "item popularity",
        "category frequency",
    ]
    record = json.loads((out / "run.json").read_text())
    assert record["arguments"]["distillation"] == kind
    assert list(record["metrics"]["metrics"])[:2] == ["student", "teacher"]
    assert ("distillation_loss" in record["history"]) == (kind != "none")
    assert ("contrastive_loss" in record["history"]) == (kind != "none")
    student = fndrec.load_model(out / "model.keras")
    assert isinstance(student, fndrec.FNDStudent)
    teacher = fndrec.load_model(plain_model / "model.keras")
    assert student.vocabulary is not None
    assert student.vocabulary.to_dict() == teacher.vocabulary.to_dict()


def test_overwriting_with_the_same_seed(
    plain_model: Path, plain_shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    shutil.copytree(plain_model, out)
    (out / "stale").touch()
    (out / "model.keras").write_text("old")
    run("train", plain_shop, "--out", out, *TINY, "--seed", 3, "--overwrite")
    assert sorted(path.name for path in out.iterdir()) == [
        "model.keras",
        "run.json",
    ]
    first, again = (
        fndrec.load_model(folder / "model.keras")
        for folder in (plain_model, out)
    )
    for one, two in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_evaluate(
    photo_model: Path,
    photo_shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "new" / "result.json"
    run(
        *("evaluate", photo_model, photo_shop, "--json", path),
        *("--negatives", 4, "--seed", 5, "--split", "train"),
    )
    data = load_data(photo_shop).with_photos(16)
    model = fndrec.load_model(photo_model / "model.keras")
    four = SampledNegatives(4)
    expected = fndrec.evaluate(model, data, "train", protocol=four, seed=5)
    assert json.loads(path.read_text()) == expected.to_dict()
    assert capsys.readouterr().out == f"{expected}\n"
    record = json.loads(path.with_name("run.json").read_text())
    assert record["command"] == "evaluate"
    assert record["metrics"] == expected.to_dict()


def test_evaluate_by_a_protocol(
    photo_model: Path, photo_shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(
        *("evaluate", photo_model, photo_shop, "--protocol", "all outfits"),
        *("--draws", 2, "--intervals"),
    )
    data = load_data(photo_shop).with_photos(16)
    model = fndrec.load_model(photo_model / "model.keras")
    expected = fndrec.evaluate(model, data, protocol="all outfits", seed=[0, 1])
    assert capsys.readouterr().out == f"{expected.table(intervals=True)}\n"
    assert "recall@20" in expected.table()


def test_a_protocol_says_what_is_ranked_against(
    photo_model: Path, photo_shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(photo_model), str(photo_shop)]
    arguments += ["--protocol", "hard", "--negatives", "3"]
    assert main(arguments) == 2
    assert "--protocol=hard, --fixed=None, --negatives=3" in (
        capsys.readouterr().err
    )


def test_evaluate_what_the_data_set_comes_with(
    photo_model: Path,
    photo_shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = tmp_path / "shop"
    copy_shop(load_data(photo_shop), shop)
    arguments = ["evaluate", str(photo_model), str(shop), "--fixed"]
    assert main([*arguments, "fitb_valid"]) == 2
    assert (
        "it has none. Received: --fixed=fitb_valid" in capsys.readouterr().err
    )
    (shop / "fitb_valid.csv").write_text(
        "user_id,item_ids,blank,wrong_ids\nuser3,item4;item9,item9,item1\n"
    )
    assert main([*arguments, "fitb_valid"]) == 0
    shown = capsys.readouterr().out
    assert "1 likes, each against 1 of" in shown
    assert "FITB" in shown
    assert "AUC" not in shown


PAIRS = [
    {"note": "a, b", "user_id": "user3", "item_ids": "item4;item9"},
    {"note": "", "user_id": "nobody", "item_ids": "item4;item9"},
    {"note": 'say "x"', "user_id": "user0", "item_ids": "item7"},
    {"note": "", "user_id": "user3", "item_ids": "item9;item4"},
    # Liked by nobody, longer than any outfit; user11 is of valid only.
    {
        "note": "",
        "user_id": "user11",
        "item_ids": "item1;item2;item3;item5;item6",
    },
    {"note": "", "user_id": "user3", "item_ids": "item4;item9"},
]


def test_score(photo_model: Path, photo_shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "scores.csv"
    write_rows(tmp_path / "pairs.csv", PAIRS)
    run(
        *("score", photo_model, photo_shop, tmp_path / "pairs.csv"),
        *("--out", out),
    )
    rows = read_rows(out)
    assert list(rows[0]) == ["note", "user_id", "item_ids", "score", "known"]
    assert [{key: row[key] for key in PAIRS[0]} for row in rows] == PAIRS
    assert [row["known"] for row in rows] == list("101101")
    scores = [float(row["score"]) for row in rows]
    assert scores[0] == pytest.approx(scores[3], abs=1e-5)
    assert scores[0] == pytest.approx(scores[5], abs=1e-5)
    assert scores[0] != pytest.approx(scores[1], abs=1e-3)
    data = load_data(photo_shop).with_photos(16)
    model = fndrec.load_model(photo_model / "model.keras")
    users = data.vocabulary.users.rows([row["user_id"] for row in rows]) + 1
    for user, row, score in zip(users, PAIRS, scores, strict=True):
        items = data.items.rows(row["item_ids"].split(";"))
        found = model.score_outfits(
            np.array([user]), model.embed_items(data), items[None, None]
        )
        assert score == pytest.approx(float(found[0, 0]), abs=1e-4)
    record = json.loads(out.with_name("run.json").read_text())
    assert record["metrics"] == {"rows": 6, "unknown_users": 2}


def test_records_of_other_commands_are_left_alone(
    plain_model: Path, plain_shop: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(plain_model, folder)
    before = (folder / "run.json").read_text()
    run("evaluate", folder, plain_shop, "--json", folder / "valid.json")
    assert (folder / "run.json").read_text() == before
    record = json.loads((folder / "run.evaluate.json").read_text())
    assert record["command"] == "evaluate"


def test_score_nothing(
    plain_model: Path, plain_shop: Path, tmp_path: Path
) -> None:
    (tmp_path / "pairs.csv").write_text("user_id,item_ids\n")
    run(
        *("score", plain_model, plain_shop, tmp_path / "pairs.csv"),
        *("--out", tmp_path / "scores.csv"),
    )
    header = (tmp_path / "scores.csv").read_text().replace('"', "")
    assert header.strip() == "user_id,item_ids,score,known"


def test_broken_photos_can_be_dropped(
    photo_model: Path,
    photo_shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(photo_shop, shop)
    (shop / "0.png").write_text("no photo")
    words: list[Any] = ["score", photo_model, shop, tmp_path / "pairs.csv"]
    write_rows(tmp_path / "pairs.csv", PAIRS)
    run(*words, "--out", tmp_path / "drop.csv", "--on-error", "drop")
    run(
        *("score", photo_model, photo_shop, tmp_path / "pairs.csv"),
        *("--out", tmp_path / "whole.csv"),
    )
    # The items after it keep their photos.
    for one, two in zip(
        read_rows(tmp_path / "drop.csv"),
        read_rows(tmp_path / "whole.csv"),
        strict=True,
    ):
        assert float(one["score"]) == pytest.approx(float(two["score"]))
    run("evaluate", photo_model, shop, "--on-error", "drop")
    write_rows(
        tmp_path / "pairs.csv", [{"user_id": "user1", "item_ids": "item0"}]
    )
    capsys.readouterr()
    words += ["--on-error", "drop", "--out", tmp_path / "none.csv"]
    assert main([str(word) for word in words]) == 2
    assert "'item0'" in capsys.readouterr().err
    assert not (tmp_path / "none.csv").exists()


def test_export(
    photo_model: Path,
    photo_shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "new" / "export"
    run("export", photo_model, out, "--data", photo_shop)
    assert f"The SavedModel is in {out / '1'}" in capsys.readouterr().out
    assert {"1", "models.config", "run.json"} <= {
        path.name for path in out.iterdir()
    }
    record = json.loads((out / "run.json").read_text())
    assert record["saved_model"] == str(out / "1")
    loaded = tf.saved_model.load(out / "1")
    found = loaded.signatures["recommend"](
        user_id=tf.constant(["user1"]), k=tf.constant([2])
    )
    data = load_data(photo_shop).with_photos(16)
    model = fndrec.load_model(photo_model / "model.keras")
    best = fndrec.recommend(model, data, ["user1"], 2, exclude_liked=False)[0]
    assert [name.decode() for name in found["outfit_id"].numpy()[0]] == [
        row.outfit_id for row in best
    ]
    run("export", photo_model, out, "--version", 7)
    loaded = tf.saved_model.load(out / "7")
    assert "serving_default" in loaded.signatures
    assert "recommend" not in loaded.signatures


def test_export_of_an_index_in_half_precision(
    plain_model: Path,
    plain_shop: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, index = tmp_path / "export", tmp_path / "index.txt"
    words: list[Any] = ["export", plain_model, out]
    index.write_text("outfit3\noutfit1\n")
    half = ("--precision", "mixed_bfloat16")
    run(*words, "--data", plain_shop, "--index", index, *half)
    recommend = tf.saved_model.load(out / "1").signatures["recommend"]
    found = recommend(user_id=tf.constant(["user1"]), k=tf.constant([9]))
    assert sorted(found["outfit_id"].numpy()[0]) == [b"outfit1", b"outfit3"]
    for text, reason in (
        ("", "no line"),
        ("outfit1\noutfit1\n", "'outfit1' twice"),
        ("outfit1\nnone\n", "'none'"),
    ):
        index.write_text(text)
        last = ["--data", plain_shop, "--index", index]
        assert main([str(word) for word in words + last]) == 2
        assert reason in capsys.readouterr().err
    assert main([str(word) for word in [*words, "--index", index]]) == 2
    assert "--data" in capsys.readouterr().err
    assert not (out / "2").exists()


def commands() -> dict[str, argparse.ArgumentParser]:
    [action] = (
        action
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return dict(action.choices)


def test_the_commands() -> None:
    assert sorted(commands()) == [
        *("audit", "compare", "complete", "compose", "data", "demo"),
        "distill",
        *("embed", "evaluate", "explain", "export", "export-device", "find"),
        *("recommend-all", "report", "score", "serve", "train"),
    ]


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_shows_every_default(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main([name, "--help"])
    assert done.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "default: None" not in shown
    parser = commands()[name]
    # Of some options exactly one must be given, so that none has a default.
    one_of = [
        action
        for group in parser._mutually_exclusive_groups
        if group.required
        for action in group._group_actions
    ]
    for action in parser._actions:
        if action in one_of:
            assert action.help
            continue
        if not action.option_strings or action.dest == "help":
            continue
        assert action.help, action.dest
        if action.default is not None:
            assert f"(default: {action.default})" in shown, action.dest
        elif not action.required and action.dest not in ("data_dir", "json"):
            assert "default: " in action.help, action.dest


def test_the_module_and_its_version() -> None:
    done = run_module("--version")
    assert done.returncode == 0
    assert done.stdout == f"fndrec {fndrec.__version__}\n"
