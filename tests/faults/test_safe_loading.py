"""Files from elsewhere run no code of their own."""

import ast
import json
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_models import tiny_teacher

import fndrec
from fndrec.data import ImageStore, OutfitData, read_csv
from fndrec.errors import DataError
from fndrec.models import load_model

PACKAGE = Path(fndrec.__file__).parent
# Unpickles plain values alone, and only if the user says so.
PLAIN = PACKAGE / "data/readers/checks/object_array.py"


def lambda_layer() -> dict[str, Any]:
    layer = keras.layers.Lambda(lambda x: x * 0, name="score")
    config: dict[str, Any] = keras.saving.serialize_keras_object(layer)
    assert "__lambda__" in json.dumps(config)
    return config


def test_a_lambda_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    keras.Sequential(
        [keras.Input((2,)), keras.layers.Lambda(lambda x: x * 0)]
    ).save(path)
    with pytest.raises(DataError, match=r"model\.keras.*unsafe|[Ll]ambda"):
        load_model(path)


def test_a_lambda_inside_our_own_model_is_refused(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.keras", tmp_path / "bad.keras"
    tiny_teacher(tiny_data).save(good)
    load_model(good)
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["score"] = lambda_layer()
                content = json.dumps(config).encode()
            new.writestr(name, content)
    with pytest.raises(DataError, match=r"bad\.keras.*[Ll]ambda"):
        load_model(bad)


class Touch:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    evil = np.empty((3, 1), object)
    evil[:] = Touch(mark)
    for name, text in {
        "items": "item_id\n1\n2\n3\n",
        "outfits": "outfit_id,item_ids\no,1\n",
        "train": "user_id,outfit_id\nu,o\n",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text)
    path = tmp_path / "features.npy"
    np.save(path, evil, allow_pickle=True)
    with pytest.raises(DataError, match=r"features\.npy"):
        read_csv(tmp_path)
    path.write_bytes(pickle.dumps(Touch(mark)))
    with pytest.raises(DataError, match=r"features\.npy"):
        read_csv(tmp_path)
    with pytest.raises(DataError, match=r"features\.npy"):
        ImageStore(path)
    assert not mark.exists()
    pickle.loads(path.read_bytes())  # noqa: S301
    assert mark.exists()


def calls() -> Iterator[tuple[Path, str, ast.Call]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, ast.unparse(node.func), node


def test_the_package_never_unpickles() -> None:
    loads = 0
    for path, name, call in calls():
        place = f"{path}:{call.lineno}"
        words = {word.arg: word.value for word in call.keywords}
        if name in ("np.load", "numpy.load"):
            loads += 1
            assert "allow_pickle" in words, place
        for word in ("allow_pickle", "safe_mode"):
            if word in words:
                value = words[word]
                if word == "allow_pickle" and isinstance(value, ast.Name):
                    # Handed on: it is the user's word.
                    assert value.id == word, place
                    continue
                assert isinstance(value, ast.Constant), place
                assert value.value is (word == "safe_mode"), place
        assert name.split(".")[-1] not in (
            "enable_unsafe_deserialization",
            "eval",
            "exec",
        ), place
        if path != PLAIN:
            assert name.split(".")[0] not in (
                *("pickle", "marshal", "dill", "shelve", "joblib"),
            ), place
    assert loads >= 5


def test_the_package_imports_no_pickle() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                text = ast.unparse(node)
                assert "pickle" not in text or path == PLAIN, path
                assert "joblib" not in text, path


def test_the_users_word_is_no_by_default() -> None:
    """Every function that takes it has it off."""
    found = 0
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            named = node.args.kwonlyargs
            for arg, value in zip(named, node.args.kw_defaults, strict=True):
                if arg.arg == "allow_pickle":
                    assert isinstance(value, ast.Constant), path
                    assert value.value is False, path
                    found += 1
    assert found >= 1
