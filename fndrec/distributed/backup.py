"""The state of a training that several workers go on from."""

import re
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fndrec.data import atomic_folder
from fndrec.distributed.workers import is_chief

NAME = re.compile(r"epoch-(\d+)")
WEIGHTS_FILE = "model.weights.h5"
DRAWS_FILE = "draws.npz"


class ChiefBackup(keras.callbacks.Callback):
    """Keeps weights and optimizer after each epoch, written by the chief.

    Where `keras.callbacks.BackupAndRestore` has every worker write the same
    file, here the first worker writes alone, a folder `epoch-N` that appears
    when it is whole; all workers read it. It holds weights, optimizer, and how
    far the random draws have come, which Keras does not save. A
    training killed at any moment goes on from the last whole epoch, and
    with `first_pass` ends with the weights of one never killed.

    What other callbacks count, such as the patience of `EarlyStopping`, begins
    anew.

    Args:
        folder: Where the state is kept, the same for all workers.
        strategy: The `tf.distribute` strategy; the current one by default.

    Attributes:
        epoch: Epochs that are done, 0 where there is no state: `first_pass`
            of the batches.

    Raises:
        NotADirectoryError: If `folder` is a file.

    Example:

    >>> backup = fndrec.distributed.ChiefBackup("backup", strategy)
    >>> batches = fndrec.distribute(
    ...     data, "train", 256, strategy, first_pass=backup.epoch)
    >>> teacher.fit(
    ...     batches, epochs=20, initial_epoch=backup.epoch,
    ...     callbacks=[backup])
    """

    def __init__(self, folder: str | Path, strategy: Any = None) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.strategy = strategy or tf.distribute.get_strategy()
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(
                f"{folder}: should be a folder. Received: a file"
            )
        found = self._states()
        self.epoch = max(found, default=0)
        self._path = found.get(self.epoch)

    def _states(self) -> dict[int, Path]:
        names = ((NAME.fullmatch(p.name), p) for p in self.folder.glob("*"))
        return {int(match[1]): path for match, path in names if match}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._check_agreement()
        if self._path is None:
            return
        self.model.load_weights(self._path / WEIGHTS_FILE)
        with np.load(self._path / DRAWS_FILE, allow_pickle=False) as saved:
            for at, draws in enumerate(self._draws()):
                draws.assign(saved[f"draws-{at}"])

    def _draws(self) -> list[Any]:
        """How far each layer has come in its random draws."""
        return [
            variable
            for variable in self.model.variables
            if variable.path.endswith("seed_generator_state")
        ]

    def _check_agreement(self) -> None:
        """Workers that go on from different epochs would never meet."""

        def sums() -> Any:
            mine = tf.constant([self.epoch, self.epoch**2])
            context = tf.distribute.get_replica_context()
            return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

        found = tf.function(lambda: self.strategy.run(sums))()
        first, square = self.strategy.experimental_local_results(found)[0]
        if int(square) * self.strategy.num_replicas_in_sync != int(first) ** 2:
            raise RuntimeError(
                f"{self.folder}: should be one folder that all workers see. "
                f"Received: this one goes on from epoch {self.epoch}, "
                "others from another"
            )

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if not is_chief(self.strategy):
            return
        old = self._states()
        with atomic_folder(self.folder / f"epoch-{epoch + 1}") as draft:
            self.model.save_weights(draft / WEIGHTS_FILE)
            draws = enumerate(self._draws())
            np.savez(
                draft / DRAWS_FILE,
                allow_pickle=False,
                **{f"draws-{at}": np.asarray(state) for at, state in draws},
            )
        for path in old.values():
            shutil.rmtree(path, ignore_errors=True)
