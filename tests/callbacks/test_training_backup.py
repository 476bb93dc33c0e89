"""A run that is stopped and taken up ends as if nothing had happened."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_models import tiny_student, weights_of

from fndrec.callbacks import TrainingBackup
from fndrec.data import EraseItem, OutfitData
from fndrec.errors import DataError
from fndrec.models import load_model

EPOCHS = 3


class Stop(keras.callbacks.Callback):
    """What a kill does, in the midst of an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.at = epoch
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == (self.at, 1):
            raise RuntimeError("stop")


def run(
    data: OutfitData, folder: Path, stop_in: int | None = None
) -> tuple[Any, TrainingBackup, keras.callbacks.EarlyStopping]:
    """Trains with all that is drawn at random: order, views, dropout, ids."""
    model = tiny_student(data, use_id=True, dropout=0.3, unknown_rate=0.3)
    schedule = keras.optimizers.schedules.CosineDecay(0.05, 12)
    # Tracing would take most of the time.
    model.compile(keras.optimizers.AdamW(schedule), run_eagerly=True)
    early = keras.callbacks.EarlyStopping(
        "loss", patience=9, restore_best_weights=True, mode="max"
    )
    backup = TrainingBackup(folder, keep=[early], about={"seed": 0})
    callbacks = [early, backup]
    if stop_in is not None:
        callbacks.append(Stop(stop_in))
    model.fit(
        data.batches(
            "train",
            50,
            negatives=2,
            views=(EraseItem(), EraseItem()),
            first_pass=backup.epoch,
        ),
        initial_epoch=backup.initial_epoch(EPOCHS),
        epochs=EPOCHS,
        callbacks=callbacks,
        verbose=0,
    )
    return model, backup, early


def test_a_run_goes_on_bit_by_bit(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    whole, told, best = run(tiny_data, tmp_path / "whole")
    folder = tmp_path / "stopped"
    for stop_in, kept in ((0, []), (2, ["epoch-2"])):
        with pytest.raises(RuntimeError, match="stop"):
            run(tiny_data, folder, stop_in)
        found = [path.name for path in folder.glob("*")]
        assert found == kept
    rest, backup, early = run(tiny_data, folder)
    # The loss falls, so the best by "max" is the first, long ago.
    assert early.best_epoch == best.best_epoch == 0
    for one, two in zip(weights_of(rest), weights_of(whole), strict=True):
        np.testing.assert_array_equal(one, two)
    assert backup.history == told.history
    assert len(backup.history["loss"]) == EPOCHS
    # The optimizer too: nothing is different if one goes on from here.
    for one, two in zip(
        rest.optimizer.variables, whole.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), two.numpy())
    # Killed between the last epoch and the end, none is run again.
    assert TrainingBackup(folder, about={"seed": 0}).epoch == EPOCHS
    again, *_ = run(tiny_data, folder)
    for one, two in zip(weights_of(again), weights_of(whole), strict=True):
        np.testing.assert_array_equal(one, two)

    state = load_model(folder / "epoch-3" / "model.keras")
    assert state.vocabulary is not None
    check_refusals(tiny_data, folder)
    backup.remove()
    assert not folder.exists()


def check_refusals(data: OutfitData, folder: Path) -> None:
    with pytest.raises(DataError, match=r"of seed=0. Received: seed=1$"):
        TrainingBackup(folder, about={"seed": 1})
    assert TrainingBackup(folder, about={"seed": 1}, resume=False).epoch == 0
    model = tiny_student(data)
    model.compile()
    batches = data.batches("train", 34, negatives=2)
    backup = TrainingBackup(folder, about={"seed": 0})
    with pytest.raises(DataError, match=r"epoch-3: the state of this model"):
        model.fit(batches, initial_epoch=3, epochs=4, callbacks=[backup])
    (folder / "epoch-3" / "state.json").write_text("{")
    with pytest.raises(DataError, match=r"epoch-3: the state of a run was"):
        TrainingBackup(folder)


def test_a_run_that_had_stopped_by_itself(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    def fit(initial: int | None = None) -> TrainingBackup:
        early = keras.callbacks.EarlyStopping("loss", mode="max", patience=1)
        backup = TrainingBackup(tmp_path, keep=[early])
        model = tiny_student(tiny_data, contrastive=False)
        model.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
        if initial is None:
            initial = backup.initial_epoch(9)
        model.fit(
            tiny_data.batches("train", 50, negatives=2),
            initial_epoch=initial,
            epochs=9,
            callbacks=[early, backup],
            verbose=0,
        )
        return backup

    assert fit().epoch == fit().epoch == 2
    with pytest.raises(ValueError, match=r"`initial_epoch` .* should be 2"):
        fit(0)
