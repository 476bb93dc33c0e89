import csv
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_models import (
    STILL,
    one_batch,
    tiny_student,
    tiny_teacher,
    weights_of,
)

from fndrec import DataError, EraseItem, Validation, evaluate, load_model
from fndrec.data import OutfitData
from fndrec.losses import BPR, FalseNegativeDistillation
from fndrec.metrics import NDCG
from fndrec.models import FNDStudent, FNDTeacher


def test_photos_predictions_are_the_same_bits(
    tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    model = tiny_teacher(tiny_photo_data, use_id=True)
    dataset = tiny_photo_data.batches("valid", 10, negatives=2)
    before = model.predict(dataset, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = load_model(str(tmp_path / "model.keras"))
    assert type(loaded) is FNDTeacher
    known = tiny_photo_data.vocabulary
    assert loaded.vocabulary is not None
    assert loaded.vocabulary.to_dict() == known.to_dict()
    assert loaded.jit_compile is False
    np.testing.assert_array_equal(loaded.predict(dataset, verbose=0), before)


def test_a_student_loads_without_its_teacher(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    student = tiny_student(tiny_data)
    teacher = tiny_teacher(tiny_data, dim=16)
    student.compile(
        keras.optimizers.Adam(3e-3),
        loss=BPR(),
        metrics=[NDCG(k=3)],
        distillation=FalseNegativeDistillation(),
        teacher=teacher.targets(tiny_data),
        contrastive_weight=0.1,
        in_batch_negatives=False,
    )
    views = (EraseItem(), EraseItem())
    dataset = tiny_data.batches("train", 50, negatives=2, views=views)
    student.fit(dataset, verbose=0)
    path = tmp_path / "student.keras"
    student.save(path)
    del teacher
    loaded = load_model(path)
    assert type(loaded) is FNDStudent
    assert loaded.jit_compile is False
    assert loaded.count_params() == student.count_params()
    for mine, its in zip(weights_of(student), weights_of(loaded), strict=True):
        np.testing.assert_array_equal(mine, its)
    assert int(loaded.optimizer.iterations) == 2
    assert float(loaded.optimizer.learning_rate) == pytest.approx(3e-3)
    for mine, its in zip(
        student.optimizer.variables, loaded.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(mine.numpy(), its.numpy())
    # Evaluated as it was compiled.
    valid = tiny_data.batches("valid", 12, negatives=2)
    before = student.evaluate(valid, verbose=0, return_dict=True)
    assert sorted(before) == ["loss", "ndcg_3"]
    assert loaded.evaluate(valid, verbose=0, return_dict=True) == before
    assert loaded.get_compile_config() == student.get_compile_config()


def test_a_model_never_compiled(tiny_data: OutfitData, tmp_path: Path) -> None:
    model = tiny_student(tiny_data, contrastive=False)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    assert loaded.jit_compile is False
    batch = one_batch(tiny_data)
    np.testing.assert_array_equal(loaded(batch), model(batch))


def corrupt(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_text("no model")
        return
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-1000])
        return
    if kind == "missing":
        path.unlink()
        return
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    weights = "model.weights.h5"
    if kind == "flipped":
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 3000] = bytes(3000)
        path.write_bytes(content)
        return
    if kind == "no config":
        del parts["config.json"]
    elif kind == "bad config":
        parts["config.json"] = b"{"
    elif kind == "no weights":
        del parts[weights]
    elif kind == "cut weights":
        parts[weights] = parts[weights][: len(parts[weights]) // 2]
    elif kind == "bad vocabulary":
        name = next(n for n in parts if n.endswith("vocabulary.json"))
        parts[name] = b'{"users": 3}'
    with zipfile.ZipFile(path, "w") as archive:
        for name, content_ in parts.items():
            archive.writestr(name, content_)


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "cut",
        "missing",
        "flipped",
        "no config",
        "bad config",
        "no weights",
        "cut weights",
        "bad vocabulary",
    ],
)
def test_a_broken_file_is_named(
    tiny_data: OutfitData, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "model.keras"
    tiny_teacher(tiny_data).save(path)
    corrupt(path, kind)
    with pytest.raises(DataError, match=r"model\.keras") as error:
        load_model(path)
    assert "\n" not in str(error.value)


def test_another_model_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save(tmp_path / "other.keras")
    with pytest.raises(DataError, match="Sequential"):
        load_model(tmp_path / "other.keras")


class Stop(keras.callbacks.Callback):
    """What a power cut does."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise RuntimeError("stop")


def test_a_run_goes_on_where_it_stopped(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    dataset = tiny_data.batches("train", 25, negatives=2, shuffle=False)

    def run(callbacks: list[Any]) -> Any:
        # Keras does not save how far random draws have come.
        model = tiny_teacher(tiny_data, **STILL)
        model.compile(keras.optimizers.Adam(1e-2))
        return model.fit(dataset, epochs=4, callbacks=callbacks, verbose=0)

    whole = run([])
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(RuntimeError, match="stop"):
        run([backup, Stop()])
    rest = run([keras.callbacks.BackupAndRestore(tmp_path / "backup")])
    assert rest.epoch == [2, 3]
    assert rest.history["loss"] == whole.history["loss"][2:]


def test_callbacks(tiny_data: OutfitData, tmp_path: Path) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    # Far too fast: the best epoch is not the last.
    model.compile(keras.optimizers.Adam(0.2))
    best = tmp_path / "best.keras"
    callbacks = [
        Validation(tiny_data),
        keras.callbacks.EarlyStopping(
            "val_auc", mode="max", patience=2, restore_best_weights=True
        ),
        keras.callbacks.ModelCheckpoint(
            best, "val_auc", mode="max", save_best_only=True
        ),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "{epoch}.weights.h5", save_weights_only=True
        ),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.TerminateOnNaN(),
    ]
    history = model.fit(
        tiny_data.batches("train", 25, negatives=2),
        epochs=12,
        callbacks=callbacks,
        verbose=0,
    )
    aucs = history.history["val_auc"]
    assert len(aucs) == int(np.argmax(aucs)) + 3
    found = evaluate(model, tiny_data).metrics["model"]
    assert found["auc"] == max(aucs)
    loaded = load_model(best)
    assert evaluate(loaded, tiny_data).metrics["model"] == found
    with open(tmp_path / "log.csv") as file:
        logged = [float(row["val_auc"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(logged, aucs)
    other = tiny_teacher(tiny_data, seed=9)
    other.load_weights(tmp_path / f"{1 + np.argmax(aucs)}.weights.h5")
    assert evaluate(other, tiny_data).metrics["model"] == found
