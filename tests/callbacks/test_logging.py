"""That TensorBoard and MLflow show the scalars of the history."""

from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from tiny_models import tiny_teacher

import fndrec
from fndrec.data import OutfitData

EPOCHS = 2


def fit(data: OutfitData, *callbacks: Any) -> dict[str, list[float]]:
    model = tiny_teacher(data)
    model.compile(keras.optimizers.AdamW(1e-3), run_eagerly=True)
    return model.fit(
        data.batches("train", 50),
        epochs=EPOCHS,
        callbacks=[fndrec.Validation(data), *callbacks],
        verbose=0,
    ).history


def scalars(folder: Path) -> dict[str, list[float]]:
    """What TensorBoard shows, by the names of the history."""
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    found = {}
    for part, prefix in (("train", ""), ("validation", "val_")):
        events = EventAccumulator(str(folder / part))
        events.Reload()
        for tag in events.Tags()["tensors"]:
            if tag.startswith("epoch_"):
                shown = sorted(events.Tensors(tag), key=lambda one: one.step)
                assert [one.step for one in shown] == list(range(len(shown)))
                found[prefix + tag.removeprefix("epoch_")] = [
                    float(tf.make_ndarray(one.tensor_proto)) for one in shown
                ]
    return found


def test_tensorboard(tiny_data: OutfitData, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    log = keras.callbacks.TensorBoard(tmp_path, write_graph=False)
    history = fit(tiny_data, log)
    shown = scalars(tmp_path)
    # That Keras adds.
    assert len(shown.pop("learning_rate")) == EPOCHS
    assert shown.keys() == history.keys()
    assert "val_hit@1" in shown
    for name, values in history.items():
        assert shown[name] == pytest.approx(values, rel=1e-6), name


def test_mlflow(
    tiny_data: OutfitData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow")
    # A database would need SQLAlchemy.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    with mlflow.start_run() as run:
        history = fit(tiny_data, fndrec.MLflowMetrics())
        mlflow.flush_async_logging()
    client = mlflow.MlflowClient()
    for name, values in history.items():
        logged = client.get_metric_history(
            run.info.run_id, name.replace("@", "_at_")
        )
        logged = sorted(logged, key=lambda one: one.step)
        assert [one.step for one in logged] == list(range(EPOCHS))
        assert [one.value for one in logged] == pytest.approx(values), name
    known = client.get_run(run.info.run_id).data
    assert known.params["optimizer_weight_decay"] == "0.004"


def test_mlflow_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"'\.\[mlflow\]'"):
        fndrec.MLflowMetrics()
