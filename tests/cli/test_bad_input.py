"""Bad input: one clear line, exit code 2, and nothing left behind."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_models import copy_shop, tiny_teacher

from fndrec.cli import main
from fndrec.data import OutfitData, write_csv
from fndrec.models import by_history, load_model


@pytest.fixture
def shop(tiny_photo_data: OutfitData, tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    copy_shop(tiny_photo_data, folder)
    return folder


@pytest.fixture(scope="module")
def model(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_teacher(tiny_photo_data).save(folder / "model.keras")
    return folder


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Replaces the first match of a pattern in a file."""

    def change(shop: Path) -> None:
        text = (shop / name).read_text()
        assert re.search(old, text, re.MULTILINE)
        text = re.sub(old, new, text, count=1, flags=re.MULTILINE)
        (shop / name).write_text(text)

    return change


def append(name: str, row: str) -> Callable[[Path], None]:
    def change(shop: Path) -> None:
        with open(shop / name, "a") as file:
            file.write(f"{row}\n")

    return change


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def change(shop: Path) -> None:
        (shop / name).write_bytes(content)

    return change


def link_elsewhere(shop: Path) -> None:
    (shop / "5.png").unlink()
    (shop / "5.png").symlink_to(sys.executable)


def fails(
    words: list[object], capsys: pytest.CaptureFixture[str], *named: str
) -> None:
    """Asserts that a command gives one line that names what is wrong."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert error.startswith(f"fndrec {words[0]}: error: ")
    for name in named:
        assert name in error


BAD_DATA: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "no folder": (shutil.rmtree, ["shop"]),
    "no file": (lambda shop: (shop / "outfits.csv").unlink(), ["outfits.csv"]),
    "no likes": (lambda shop: (shop / "train.csv").unlink(), ["train.csv"]),
    "no column": (
        edit("outfits.csv", "^outfit_id,item_ids", "outfit_id,pieces"),
        ["outfits.csv", "`item_ids`"],
    ),
    "duplicate id": (
        edit("items.csv", "^item3,", "item2,"),
        ["items.csv, row 4", "'item2'"],
    ),
    "unknown item": (
        append("outfits.csv", "new,item1;item99"),
        ["outfits.csv, row 61", "'item99'"],
    ),
    "unknown outfit": (
        append("train.csv", "user1,outfit99"),
        ["train.csv, row 101", "'outfit99'"],
    ),
    "unknown outfit in valid": (
        append("valid.csv", "user1,outfit99"),
        ["valid.csv, row 25", "'outfit99'"],
    ),
    "empty outfit": (append("outfits.csv", "new,"), ["outfits.csv, row 61"]),
    "too many items": (
        append("outfits.csv", "new," + ";".join(f"item{i}" for i in range(9))),
        ["outfits.csv, row 61", "at most 8"],
    ),
    "missing photo": (
        lambda shop: (shop / "5.png").unlink(),
        ["items.csv, row 6", "'5.png'"],
    ),
    "broken photo": (write("5.png", b"no photo"), ["5.png"]),
    "cut photo": (
        lambda shop: (shop / "5.png").write_bytes(
            (shop / "5.png").read_bytes()[:300]
        ),
        ["5.png"],
    ),
    "photo elsewhere": (
        edit("items.csv", r"\b5\.png", "../5.png"),
        ["items.csv, row 6", "'../5.png'"],
    ),
    "photo link elsewhere": (
        link_elsewhere,
        ["items.csv, row 6", "'5.png'"],
    ),
    "category of two lines": (
        edit("items.csv", "^item3,top", 'item3,"to\np"'),
        ["items.csv, row 4", "line break"],
    ),
    "row of three fields": (
        append("train.csv", "user1,outfit1,again"),
        ["train.csv, row 101"],
    ),
    "not UTF-8": (
        write("train.csv", b"user_id,outfit_id\n\xff\xfe,outfit1\n"),
        ["train.csv"],
    ),
    "empty file": (write("train.csv", b""), ["train.csv"]),
    "no like": (write("train.csv", b"user_id,outfit_id\n"), ["train.csv"]),
    "no valid like": (write("valid.csv", b"user_id,outfit_id\n"), ["'valid'"]),
    "features of other items": (
        lambda shop: np.save(shop / "features.npy", np.zeros((3, 6), "f4")),
        ["features.npy"],
    ),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data(
    shop: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    change, named = BAD_DATA[case]
    change(shop)
    before = sorted(shop.parent.iterdir())
    words = ["train", shop, "--out", shop.parent / "out", "--image-size", 16]
    fails([*words, "--width", 0.05, "--dim", 8], capsys, *named)
    assert sorted(shop.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--epochs", "0"),
        ("--epochs", "many"),
        ("--batch-size", "-1"),
        ("--dropout", "1"),
        ("--learning-rate", "inf"),
        ("--learning-rate", "nan"),
        ("--weight-decay", "-0.1"),
        ("--seed", "-1"),
        ("--seed", "5000000000"),
        ("--precision", "float8"),
        ("--negative-sampling", "easy"),
        ("--nonsense", "1"),
    ],
)
def test_bad_arguments(
    shop: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    out = shop.parent / "out"
    with pytest.raises(SystemExit) as done:
        main(["train", str(shop), "--out", str(out), option, value])
    assert done.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert option in last
    assert value in last
    assert not out.exists()


def test_bad_arguments_of_distill(
    shop: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option, value in (
        ("--alpha", "-1"),
        ("--kd-weight", "1.5"),
        ("--kd-temperature", "0"),
        ("--contrastive", "-0.1"),
        ("--distillation", "some"),
    ):
        words = ["distill", str(shop), "--teacher", str(model), "--out", "out"]
        with pytest.raises(SystemExit) as done:
            main([*words, option, value])
        assert done.value.code == 2
        assert value in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("--dim", 6, "num_heads"),
        ("--backbone", "LexNet", "'LexNet'"),
        ("--max-slots", 3, "at most 3"),
    ],
)
def test_arguments_that_do_not_fit(
    shop: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: object,
    named: str,
) -> None:
    out = shop.parent / "out"
    words = ["train", shop, "--out", out, "--image-size", 16, option, value]
    fails(words, capsys, named)
    assert not out.exists()


def test_tables_to_begin_with(
    shop: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shop.parent / "out"
    no_table = shop.parent / "no_table"
    no_table.mkdir()
    users_by_likes = by_history(load_model(model / "model.keras"))
    users_by_likes.save(no_table / "model.keras")
    words = ["train", shop, "--out", out, "--image-size", 16, "--table"]
    for rest, named in (
        ([no_table, "--users", "history"], "users='table'"),
        ([model], "--users table"),
        ([model, "--users", "anchors"], "--users anchors"),
        ([shop, "--users", "history"], "no file model.keras"),
    ):
        fails([*words, *rest], capsys, named)
        assert not out.exists()


def test_folders_that_would_be_lost(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(shop.iterdir())
    fails(["train", shop, "--out", shop], capsys, "--overwrite")
    fails(["train", shop, "--out", shop, "--overwrite"], capsys, "run.json")
    assert sorted(shop.iterdir()) == before
    # Scores were written beside the data.
    (shop / "run.json").write_text('{"command": "score"}')
    fails(["train", shop, "--out", shop, "--overwrite"], capsys, "run.json")
    assert (shop / "items.csv").exists()
    file = shop.parent / "file"
    file.touch()
    fails(["train", shop, "--out", file], capsys, "should be a folder")
    fails(["demo", "--out", shop], capsys, "--overwrite")


def test_bad_models(
    shop: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = shop.parent / "broken"
    broken.mkdir()
    (broken / "model.keras").write_text("no model")
    out = shop.parent / "out"
    pairs = shop.parent / "pairs.csv"
    pairs.write_text("user_id,item_ids\nuser1,item1\n")
    for folder, named in (
        (shop, "no file model.keras"),
        (shop / "nowhere", "nowhere"),
        (broken, "model.keras"),
    ):
        for words in (
            ["evaluate", folder, shop, "--json", out],
            ["distill", shop, "--teacher", folder, "--out", out],
            ["score", folder, shop, pairs, "--out", out],
            ["export", folder, out],
            ["export-device", folder, out, "--data", shop],
        ):
            fails(words, capsys, named)
    assert not out.exists()


def test_data_without_what_the_model_looks_at(
    model: Path,
    tiny_data: OutfitData,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_csv(tiny_data, tmp_path / "plain")
    plain, out = tmp_path / "plain", tmp_path / "out"
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("user_id,item_ids\nuser1,item1\n")
    for words in (
        ["evaluate", model, plain, "--json", out],
        ["distill", plain, "--teacher", model, "--out", out, "--dim", 8],
        ["score", model, plain, pairs, "--out", out],
        ["export", model, out, "--data", plain],
        ["export-device", model, out, "--data", plain],
    ):
        fails(words, capsys, "plain", "`image`")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("pairs.csv", "plain")
    ]


def test_evaluate_without_such_a_split(
    shop: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fails(["evaluate", model, shop, "--split", "test"], capsys, "'test'")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("user_id,item_ids\nuser1,item1\nuser2,item1;item99\n", "row 2"),
        ("user_id,item_ids\nuser1,item1;\n", "row 1"),
        ("user_id,item_ids\nuser1,\n", "row 1"),
        ("user_id,items\nuser1,item1\n", "`item_ids`"),
        ("user_id,item_ids\nuser1,item1,more\n", "row 1"),
        ("user_id,item_ids,score\nuser1,item1,3\n", "`score`"),
        ("", "pairs.csv"),
        (None, "pairs.csv"),
    ],
)
def test_bad_pairs(
    shop: Path,
    model: Path,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    named: str,
) -> None:
    pairs, out = shop.parent / "pairs.csv", shop.parent / "out.csv"
    if content is not None:
        pairs.write_text(content)
    fails(
        ["score", model, shop, pairs, "--out", out], capsys, "pairs.csv", named
    )
    assert not out.exists()
    assert not list(shop.parent.glob("run*"))


def test_from_a_shell(shop: Path) -> None:
    (shop / "5.png").write_text("no photo")
    words = ["train", shop, "--out", shop.parent / "out", "--image-size", "16"]
    done = subprocess.run(
        [sys.executable, "-m", "fndrec", *map(str, words)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("fndrec train: error: 1 of 40 photos")
    assert "5.png" in last
    assert sorted(path.name for path in shop.parent.iterdir()) == ["shop"]
