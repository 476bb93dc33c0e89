"""`fndrec compare` on a tiny shop."""

import json
from pathlib import Path

import pytest
from PIL import Image
from tiny_models import copy_shop, tiny_student, tiny_teacher

import fndrec
from fndrec.cli import main
from fndrec.data import OutfitData, load_data, write_csv
from fndrec.evaluation import SampledNegatives


@pytest.fixture(scope="module")
def world(
    tiny_data: OutfitData,
    tiny_photo_data: OutfitData,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A shop, models of its photos and of its features."""
    folder = tmp_path_factory.mktemp("world")
    copy_shop(tiny_photo_data, folder / "shop")
    write_csv(tiny_data, folder / "plain")
    for name, model in (
        ("teacher", tiny_teacher(tiny_photo_data)),
        ("student", tiny_student(tiny_data)),
        ("other/student", tiny_student(tiny_data, dim=4)),
    ):
        (folder / name).mkdir(parents=True)
        model.save(folder / name / "model.keras")
    return folder


def fails(
    words: list[object], capsys: pytest.CaptureFixture[str], *named: object
) -> None:
    """Asserts that the command gives one line that names what is wrong."""
    assert main(["compare", *map(str, words)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert error.startswith("fndrec compare: error: ")
    for name in named:
        assert str(name) in error


def test_compare(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    words = [
        *("compare", world / "teacher", world / "student"),
        *("--data", world / "shop", "--negatives", 3, "--seed", 2),
        *("--repetitions", 1, "--out", out),
    ]
    assert main([str(word) for word in words]) == 0
    printed = capsys.readouterr().out
    names = ["comparison.json", "comparison.md", "comparison.png", "run.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert printed == (out / "comparison.md").read_text()
    with Image.open(out / "comparison.png") as image:
        image.load()
        assert image.format == "PNG"
    read = json.loads((out / "comparison.json").read_text())
    assert list(read["costs"]) == ["teacher", "student"]
    data = load_data(world / "shop").with_photos(16)
    models = {
        name: fndrec.load_model(world / name / "model.keras")
        for name in ("teacher", "student")
    }
    alone = fndrec.evaluate(models, data, protocol=SampledNegatives(3), seed=2)
    assert read["evaluation"] == alone.to_dict()
    record = json.loads((out / "run.json").read_text())
    assert record["command"] == "compare"
    assert record["arguments"]["model_dirs"] == [
        str(world / "teacher"),
        str(world / "student"),
    ]
    assert record["metrics"] == alone.to_dict()


def test_folders_of_one_name_without_out(
    world: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(world)
    words = ["student", "other/student", "--data", "plain"]
    before = sorted(world.rglob("*"))
    assert main(["compare", *words, "--repetitions", "1"]) == 0
    printed = capsys.readouterr().out
    for name in ("student", "other/student"):
        assert printed.count(f"| {name} ") == 3
    assert sorted(world.rglob("*")) == before


def test_bad_input(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher, student = world / "teacher", world / "student"
    shop, plain = ("--data", world / "shop"), ("--data", world / "plain")
    out = ("--out", tmp_path / "out")
    fails([teacher, student, *plain, *out], capsys, "plain", "`image`")
    fails([student, world, *plain, *out], capsys, "no file model.keras")
    fails([student, world / "no", *plain, *out], capsys, "no: should be")
    fails([student, teacher, student, *shop], capsys, f"{student} twice")
    fails([student, *plain, "--split", "test", *out], capsys, "'test'")
    file = tmp_path / "file"
    file.touch()
    fails([student, *plain, "--out", file], capsys, "file", "a folder")
    assert list(tmp_path.iterdir()) == [file]
    for words in ([str(student)], ["--data", "shop"]):
        with pytest.raises(SystemExit) as done:
            main(["compare", *words])
        assert done.value.code == 2


def test_photos_of_several_sizes(
    world: Path,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    large = tiny_photo_data.with_photos(24, cache_dir=tmp_path / "cache")
    folder = tmp_path / "large"
    folder.mkdir()
    tiny_teacher(large).save(folder / "model.keras")
    words = [world / "teacher", folder, "--data", world / "shop"]
    fails(words, capsys, "one size", "teacher 16, large 24")
