"""Stops training when the loss is no longer a number."""

from typing import Any

import keras
import numpy as np

from fndrec.errors import DataError


class StopOnNaN(keras.callbacks.Callback):
    """Stops when the loss is no longer a number; restores the last weights.

    Like `keras.callbacks.TerminateOnNaN`, but it names the step, and gives
    the model the weights of the end of the previous epoch, or the initial
    ones. It also checks the weights at the end of each epoch, as no loss
    follows the last step. Put it first among the callbacks, so that no other
    sees the broken model.

    Raises:
        DataError: From `fit`, naming step and epoch, counted from 1.

    Example:

    >>> model.fit(
    ...     data.batches("train", 64),
    ...     epochs=30,
    ...     callbacks=[fndrec.StopOnNaN()],
    ... )
    """

    def __init__(self) -> None:
        super().__init__()
        self._good: list[np.ndarray] | None = None
        self._good_epoch = 0
        self._epoch = 0
        self._step = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._good = None

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._epoch = epoch + 1
        self._step = 0
        if self._good is None:
            # By now all other callbacks have restored their state.
            self._good, self._good_epoch = self.model.get_weights(), epoch

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._step = batch + 1
        loss = (logs or {}).get("loss")
        if loss is not None and not np.all(np.isfinite(loss)):
            self._stop(f"loss={float(np.max(loss))}")

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        weights = self.model.get_weights()
        if not all(np.all(np.isfinite(weight)) for weight in weights):
            self._stop("weights that are not finite")
        self._good, self._good_epoch = weights, epoch + 1

    def _stop(self, received: str) -> None:
        assert self._good is not None
        self.model.set_weights(self._good)
        kept = (
            f"after epoch {self._good_epoch}"
            if self._good_epoch
            else "before the first step"
        )
        raise DataError(
            "The loss should stay a number; a smaller learning rate helps. "
            f"Received: {received} in step {self._step} of epoch "
            f"{self._epoch}. The model has the weights again that it had "
            f"{kept}"
        )
