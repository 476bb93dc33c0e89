"""Training killed again and again ends as if it had never been."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fndrec.callbacks.training_backup import latest_epoch
from fndrec.data import OutfitData, write_csv
from fndrec.models import load_model

KILLS = 20
EPOCHS = 60
LIMIT = 240


def command(shop: Path, out: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-u", "-m", "fndrec", "train", str(shop)),
        *("--out", str(out), "--epochs", str(EPOCHS), "--patience", "50"),
        *("--batch-size", "10", "--negatives", "2", "--dim", "8"),
        *("--dropout", "0.3", "--use-id", *more),
    ]


def start(words: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            words,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )


def kill_after(
    process: subprocess.Popen[bytes],
    log: Path,
    states: Path,
    epochs: int,
    seconds: float,
) -> None:
    """Kills it so many epochs and seconds after the start of training."""
    begun = latest_epoch(states)
    until = time.monotonic() + LIMIT
    while b"Epoch " not in log.read_bytes() or (
        latest_epoch(states) < begun + epochs
    ):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.01)
    time.sleep(seconds)
    assert process.poll() is None, log.read_text()
    process.kill()
    process.wait()


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_killed_twenty_times(tiny_data: OutfitData, tmp_path: Path) -> None:
    shop, log = tmp_path / "shop", tmp_path / "log"
    write_csv(tiny_data, shop)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(command(shop, whole), tmp_path / "whole.log").wait() == 0

    states = tmp_path / ".killed.training"
    rng = np.random.default_rng(0)
    words = command(shop, killed, "--resume")
    for _ in range(KILLS):
        epochs, seconds = int(rng.integers(3)), float(rng.uniform(0, 0.5))
        kill_after(start(words, log), log, states, epochs, seconds)
        # No model yet, and whatever has the name of a state is a whole one.
        assert not killed.exists()
        for state in states.glob("epoch-*"):
            load_model(state / "model.keras")
            with np.load(state / "arrays.npz") as arrays:
                assert all(arrays[name].size for name in arrays.files)
    come_so_far = latest_epoch(states)
    assert 5 < come_so_far < EPOCHS
    assert start(words, log).wait() == 0
    assert f"Going on after epoch {come_so_far}" in log.read_text()
    assert not states.exists()
    assert not list(tmp_path.glob(".killed*"))

    one = load_model(whole / "model.keras")
    two = load_model(killed / "model.keras")
    for first, second in zip(one.variables, two.variables, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())
    for first, second in zip(
        one.optimizer.variables, two.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(first.numpy(), second.numpy())
