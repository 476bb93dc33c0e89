"""A loss that is no longer a number."""

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_models import tiny_teacher, weights_of

from fndrec.callbacks import StopOnNaN, TrainingBackup
from fndrec.data import OutfitData
from fndrec.errors import DataError


class Poison(keras.callbacks.Callback):
    """Puts a NaN into a weight before a step."""

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__()
        self.at = (epoch, batch)
        self.epoch = 0
        self.before: list[np.ndarray] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch
        self.before = weights_of(self.model)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == self.at:
            # Behind a ReLU it might not show in the loss.
            table = self.model.user_embedding.embedding.embeddings
            table.assign(table * np.nan)


def fit(data: OutfitData, *callbacks: Any, optimizer: Any = None) -> Any:
    model = tiny_teacher(data)
    # Tracing would take most of the time.
    optimizer = optimizer or keras.optimizers.Adam(1e-2)
    model.compile(optimizer, run_eagerly=True)
    first = weights_of(model)
    with pytest.raises(DataError) as caught:
        model.fit(
            data.batches("train", 20, negatives=2),
            epochs=3,
            callbacks=list(callbacks),
            verbose=0,
        )
    return model, first, str(caught.value)


def equal(model: Any, weights: list[np.ndarray]) -> None:
    for one, two in zip(weights_of(model), weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_learning_rate_of_a_million(tiny_data: OutfitData) -> None:
    fast = keras.optimizers.AdamW(1e6, weight_decay=0.01)
    model, first, message = fit(tiny_data, StopOnNaN(), optimizer=fast)
    assert re.search(r"loss=\w+ in step \d of epoch [123]\. ", message)
    if "epoch 1." in message:
        equal(model, first)
    assert all(np.isfinite(weight).all() for weight in weights_of(model))


def test_the_step_is_named_and_the_last_epoch_kept(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    poison = Poison(1, 3)
    backup = TrainingBackup(tmp_path)
    callbacks = [StopOnNaN(), poison, backup]
    model, _, message = fit(tiny_data, *callbacks)
    assert "loss=nan in step 4 of epoch 2. " in message
    assert message.endswith("that it had after epoch 1")
    equal(model, poison.before)
    assert backup.path().name == "epoch-1"
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-1"]


class PoisonAfter(Poison):
    """Puts it in after the last step, when no loss is computed any more."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        pass

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_begin(batch)


def test_weights_after_the_last_step(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    poison = PoisonAfter(1, 4)
    backup = TrainingBackup(tmp_path)
    model, _, message = fit(tiny_data, StopOnNaN(), poison, backup)
    assert "weights that are not finite in step 5 of epoch 2." in message
    equal(model, poison.before)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-1"]
