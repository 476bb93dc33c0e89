"""`fndrec export-device`."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tiny_models import tiny_teacher

import fndrec
from fndrec.cli import main
from fndrec.data import OutfitData, load_data, write_csv
from fndrec.serving import with_precision


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, tiny_data: OutfitData
) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_csv(tiny_data, folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Path:
    """A model that was trained in half precision."""
    folder = tmp_path_factory.mktemp("model")
    teacher = tiny_teacher(load_data(shop))
    with_precision(teacher, "mixed_bfloat16").save(folder / "model.keras")
    return folder


def run(*words: object) -> int:
    return main(["export-device", *map(str, words)])


def test_files_that_are_written(
    model: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "device"
    words = (model, out, "--data", shop, "--runtimes", "litert")
    assert run(*words) == 0
    shown = capsys.readouterr().out
    assert f"The files are in {out}" in shown
    report = json.loads((out / "report.json").read_text())
    assert {file["kind"] for file in report["files"]} == {
        *("litert", "litert int8")
    }
    for file in report["files"]:
        # What is not there is said, and why.
        assert (file["name"] or f"(no {file['part']} litert int8)") in shown
        assert (file["reason"] or "") in shown
    assert json.loads((out / "run.json").read_text())["command"] == (
        "export-device"
    )
    # In floats, though the model computes in half precision.
    users = tf.lite.Interpreter(str(out / "users.tflite"))
    run_users = users.get_signature_runner()
    found = run_users(user=np.array([1], np.int32))["embedding"]
    assert found.dtype == "float32"
    data = load_data(shop)
    single = with_precision(fndrec.load_model(model / "model.keras"), "float32")
    index = data.vocabulary.users.rows(
        [(out / "users.txt").read_text().splitlines()[0]]
    )
    expected = single.encode_users(index + 1)
    assert found == pytest.approx(expected.numpy(), abs=1e-6)
    # Not written over.
    assert run(*words) == 2
    assert f"{out}: should not exist yet" in capsys.readouterr().err


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
        lambda name: None if name == "onnxruntime" else find(name),
    )
    assert run(model, tmp_path / "device", "--data", shop) == 2
    error = capsys.readouterr().err
    assert error.startswith("fndrec export-device: error: ")
    assert "pip install '.[onnx]'" in error
    assert error.rstrip().endswith(", or --runtimes litert")
    assert not (tmp_path / "device").exists()
