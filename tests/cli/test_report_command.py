"""`fndrec report` on tiny shops."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

import fndrec
from fndrec.cli import main
from fndrec.evaluation import SampledNegatives

QUICK = ("--no-costs", "--users", 1, "--mistakes", 1)
SMALL = ("--image-size", 16)
TINY = [
    *("--batch-size", "200", "--negatives", "2"),
    *("--dim", "8", "--width", "0.05"),
]


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


@pytest.fixture(autouse=True, scope="module")
def eager() -> Iterator[None]:
    """Tracing would take most of the time; the results are the same."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop, a teacher and a student of it, from the command line."""
    folder = tmp_path_factory.mktemp("world")
    shop = folder / "shop"
    fndrec.SyntheticShop.generate(shop, 8, 10, 20, image_size=16, observed=0.9)
    teacher, student = folder / "teacher", folder / "student"
    run("train", shop, "--out", teacher, *TINY, "--epochs", 1, *SMALL)
    run(
        *("distill", shop, "--teacher", teacher, "--out", student, *TINY),
        *("--epochs", 2, "--seed", 5, "--tensorboard", folder / "logs"),
    )
    return folder


def test_report(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    student = world / "student"
    before = (student / "run.json").read_text()
    run("report", student, "--no-costs", "--seed", 3)
    printed = capsys.readouterr().out
    assert f"The page is {student / 'report.html'}" in printed
    assert (student / "run.json").read_text() == before
    names = ["model.keras", "report.html", "run.json", "run.report.json"]
    assert sorted(path.name for path in student.iterdir()) == names
    data = fndrec.load_data(world / "shop").with_photos(16)
    expected = fndrec.evaluate(
        {
            name: fndrec.load_model(world / name / "model.keras")
            for name in ("student", "teacher")
        },
        data,
        "test",
        protocol=SampledNegatives(),
        seed=3,
    )
    record = json.loads((student / "run.report.json").read_text())
    assert record["command"] == "report"
    assert record["metrics"]["evaluation"] == expected.to_dict()
    own = record["metrics"]["intervals"]["student"]["auc"]
    assert own["low"] <= own["value"] <= own["high"]
    page = (student / "report.html").read_text()
    for said in (
        f"fndrec distill {world / 'shop'} --teacher {world / 'teacher'}",
        f"fndrec report {student} --no-costs --seed 3",
        "<h1>student on shop</h1>",
        "truly liked",
        "AUC on valid",
    ):
        assert said in page, said


def test_history_and_line_of_the_run(world: Path) -> None:
    """What the page and TensorBoard need is in `run.json`."""
    record = json.loads((world / "student" / "run.json").read_text())
    assert record["line"].startswith(f"fndrec distill {world / 'shop'} ")
    assert "words" not in record["arguments"]
    assert {len(values) for values in record["history"].values()} == {2}
    logged = {path.parent.name for path in (world / "logs").rglob("events*")}
    assert logged == {"train", "validation"}


def test_another_place_and_another_teacher(world: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(world / "shop", moved)
    out = tmp_path / "new" / "page.html"
    run(
        *("report", world / "teacher", moved, "--out", out, *QUICK),
        # One teacher may have been trained beside another.
        *("--split", "valid", "--teacher", world / "student"),
    )
    page = out.read_text()
    assert "<h1>model on moved</h1>" in page
    assert "As the teacher judges" in page
    assert "above the teacher" in page
    assert " likes of valid, each" in page
    assert sorted(one.name for one in out.parent.iterdir()) == [
        "page.html",
        "run.json",
    ]


def test_without_its_teacher(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student = tmp_path / "student"
    shutil.copytree(world / "student", student)
    record = json.loads((student / "run.json").read_text())
    record["arguments"]["teacher"] = str(tmp_path / "gone")
    (student / "run.json").write_text(json.dumps(record))
    run("report", student, *QUICK)
    said = f"The teacher is no longer in {tmp_path / 'gone'}"
    assert said in capsys.readouterr().out
    page = (student / "report.html").read_text()
    assert said in page
    assert "As the student judges" in page


def fails(
    words: list[object], capsys: pytest.CaptureFixture[str], *named: object
) -> None:
    """Asserts that the command gives one line that names what is wrong."""
    assert main([str(word) for word in words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert error.startswith(f"fndrec {words[0]}: error: ")
    for name in named:
        assert str(name) in error, error


def test_bad_input(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student = world / "student"
    fails(["report", world / "no"], capsys, "no: should be", "no file run.json")
    fails(["report", world / "shop"], capsys, "fndrec train", "run.json")
    for text, named in (
        ("{", "no JSON"),
        ("[]", "None"),
        ('{"command": "demo"}', "'demo'"),
    ):
        (tmp_path / "run.json").write_text(text)
        fails(["report", tmp_path], capsys, tmp_path, named)
    (tmp_path / "run.json").unlink()
    lost = tmp_path / "lost"
    lost.mkdir()
    record = json.loads((student / "run.json").read_text())
    record["arguments"]["data_dir"] = "nowhere"
    (lost / "run.json").write_text(json.dumps(record))
    fails(["report", lost], capsys, "DATA_DIR", "nowhere")
    fails(["report", lost, world / "shop"], capsys, "no file model.keras")
    fails(["report", student, "--teacher", "no"], capsys, "no: should be")
    fails(["report", student, "--out", world], capsys, "--out", world)
    fails(["report", student, "--split", "dev"], capsys, "'dev'")
    assert list(tmp_path.iterdir()) == [lost]


def test_tensorboard_in_a_bad_place(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words: list[object] = ["train", world / "shop", "--out", out]
    fails([*words, "--tensorboard", out / "logs"], capsys, "outside of --out")
    file = tmp_path / "file"
    file.touch()
    fails([*words, "--tensorboard", file], capsys, "a file")
    assert list(tmp_path.iterdir()) == [file]


def test_extras_not_installed(
    world: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    fails(["report", world / "student"], capsys, ".[report]'")
    words: list[object] = ["train", world / "shop", "--out", tmp_path / "out"]
    fails([*words, "--tensorboard", "x"], capsys, ".[tensorboard]'")
