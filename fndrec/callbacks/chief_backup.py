"""A backup from which several workers resume."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from fndrec.callbacks.training_backup import TrainingBackup
from fndrec.distributed.workers import is_chief


class ChiefBackup(TrainingBackup):
    """A `TrainingBackup` for several workers, written by the chief alone.

    With `keras.callbacks.BackupAndRestore`, every worker writes the same file.
    Here only the first worker writes, and all workers read.

    Args:
        folder: Where the state is kept, the same for all workers.
        strategy: The `tf.distribute` strategy; the current one by default.
        **kwargs: See `TrainingBackup`.

    Raises:
        DataError: As `TrainingBackup`.

    Example:

    >>> backup = fndrec.callbacks.ChiefBackup("backup", strategy)
    >>> batches = fndrec.distribute(
    ...     data, "train", 256, strategy, first_pass=backup.epoch)
    >>> teacher.fit(
    ...     batches, epochs=20, initial_epoch=backup.initial_epoch(20),
    ...     callbacks=[backup])
    """

    def __init__(
        self, folder: str | Path, strategy: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(folder, **kwargs)
        self.strategy = strategy or tf.distribute.get_strategy()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._check_agreement()
        super().on_train_begin(logs)

    def _check_agreement(self) -> None:
        """Raises if workers resume from different epochs: they would hang."""

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

    def write(self) -> None:
        if is_chief(self.strategy):
            super().write()
