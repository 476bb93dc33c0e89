"""Files for small runtimes, against the SavedModel of the same model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from signature_calls import call, item_inputs
from tiny_models import tiny_teacher

from fndrec import DataError
from fndrec.data import OutfitData
from fndrec.models import FNDTeacher
from fndrec.serving import DeviceFile, export_on_device, with_precision

PARTS = ("item_tower", "aggregator", "users")


@pytest.fixture(scope="module")
def device(
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[DeviceFile]]:
    folder = tmp_path_factory.mktemp("device") / "new" / "files"
    return folder, export_on_device(exported_model, folder, tiny_photo_data)


def run(folder: Path, name: str, inputs: dict[str, Any]) -> np.ndarray:
    """What a file gives, in the runtime of its name."""
    path = str(folder / name)
    if name.endswith(".onnx"):
        session = onnxruntime.InferenceSession(path)
        found: np.ndarray = session.run(["embedding"], inputs)[0]
        return found
    interpreter = tf.lite.Interpreter(path)
    return np.asarray(interpreter.get_signature_runner()(**inputs)["embedding"])


def content(data: OutfitData, rows: np.ndarray) -> dict[str, np.ndarray]:
    found = data.content(rows)
    found.pop("row", None)
    return {key: np.asarray(value) for key, value in found.items()}


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_what_the_saved_model_gives(
    device: tuple[Path, list[DeviceFile]],
    loaded: Any,
    tiny_photo_data: OutfitData,
    kind: str,
) -> None:
    folder, _ = device
    data = tiny_photo_data
    rows = np.array([3, 0, 11])
    items = call(loaded.signatures["embed_items"], **item_inputs(data, rows))
    found = run(folder, f"item_tower.{kind}", content(data, rows))
    np.testing.assert_allclose(found, items["embedding"], atol=1e-4)
    # Sets of 2, 4 and 1 items; what stands past the length is not looked at.
    length = np.array([2, 4, 1], np.int32)
    sets = np.random.default_rng(0).normal(size=(3, 4, 8)).astype("float32")
    expected = call(
        loaded.signatures["embed_outfits_from_embeddings"],
        item_embedding=sets,
        length=length,
    )["embedding"]
    sets[0, 2:] = 9
    outfits = run(
        folder,
        f"aggregator.{kind}",
        {"item_embedding": sets, "length": length},
    )
    np.testing.assert_allclose(outfits, expected, atol=1e-4)
    # Scores as the page says: cosine by temperature.
    report = json.loads((folder / "report.json").read_text())
    users = (folder / "users.txt").read_text().splitlines()
    index = np.array([users.index("user3") + 1, 0], np.int32)
    vectors = run(folder, f"users.{kind}", {"user": index})
    scored = call(
        loaded.signatures["score_outfits_from_embeddings"],
        user_id=["user3", "nobody"],
        item_embedding=np.stack([sets, sets]),
        length=np.stack([length, length]),
    )
    np.testing.assert_allclose(
        vectors @ outfits.T / report["temperature"], scored["score"], atol=1e-3
    )


def test_the_report(device: tuple[Path, list[DeviceFile]]) -> None:
    folder, files = device
    report = json.loads((folder / "report.json").read_text())
    assert [one["name"] for one in report["files"]] == [
        file.name for file in files
    ]
    assert {(file.part, file.kind) for file in files} == {
        (part, kind)
        for part in PARTS
        for kind in ("litert", "litert int8", "onnx")
    }
    for file in files:
        if file.kind == "litert int8":
            continue
        assert file.name is not None
        assert (folder / file.name).stat().st_size == file.bytes
        assert file.difference is not None
        assert file.difference <= 1e-4
    written = {file.name for file in files if file.name is not None}
    assert {path.name for path in folder.iterdir()} == {
        *written,
        *("report.json", "users.txt", "items.txt", "categories.txt"),
    }
    assert [path.name for path in folder.parent.iterdir()] == ["files"]
    assert 0.5 < report["int8_best_kept"] <= 1


@pytest.mark.slow
def test_eight_bits(tiny_photo_data: OutfitData, tmp_path: Path) -> None:
    # Wide enough for weights that LiteRT thinks worth it.
    model = tiny_teacher(tiny_photo_data, width=0.2)
    files = export_on_device(
        model, tmp_path / "device", tiny_photo_data, ["litert"]
    )
    by_kind = {(file.part, file.kind): file for file in files}
    assert len(by_kind) == len(files) == 6
    tower = by_kind["item_tower", "litert int8"]
    whole = by_kind["item_tower", "litert"]
    assert tower.name == "item_tower_int8.tflite"
    assert tower.bytes is not None
    assert whole.bytes is not None
    assert tower.cosine is not None
    assert tower.bytes < 0.4 * whole.bytes
    assert 0.99 < tower.cosine < 1
    # So few users are not worth it.
    users = by_kind["users", "litert int8"]
    assert users.name is None
    assert "not smaller" in (users.reason or "")
    assert not (tmp_path / "device" / "users_int8.tflite").exists()


def test_lines_of_categories_and_items(
    device: tuple[Path, list[DeviceFile]],
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
) -> None:
    folder, _ = device
    data = tiny_photo_data
    lines = (folder / "items.txt").read_text().splitlines()
    known = [name in lines for name in data.items]
    assert any(known)
    assert not all(known)
    assert [
        lines.index(name) + 1 if name in lines else 0 for name in data.items
    ] == data.item_index.tolist()


def test_what_is_refused(
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tiny_data: OutfitData,
    tmp_path: Path,
) -> None:
    data = tiny_photo_data
    with pytest.raises(ValueError, match="coreml"):
        export_on_device(exported_model, tmp_path / "a", data, ["coreml"])
    half = with_precision(exported_model, "mixed_float16")
    with pytest.raises(ValueError, match="computes in float16"):
        export_on_device(half, tmp_path / "a", data)
    with pytest.raises(DataError, match="items with `image`"):
        export_on_device(exported_model, tmp_path / "a" / "b", tiny_data)
    with pytest.raises(DataError, match="should not exist"):
        export_on_device(exported_model, tmp_path, data)
    nameless = tiny_teacher(tiny_data)
    nameless.vocabulary = None
    with pytest.raises(ValueError, match="from_data"):
        export_on_device(nameless, tmp_path / "a", tiny_data)
    assert not list(tmp_path.iterdir())
