"""Epochs logged to MLflow."""

import re
from typing import Any

import keras

from fndrec.extras import require

# What MLflow lets stand in the name of a metric.
REFUSED = re.compile(r"[^\w\-. :/]")


class MLflowMetrics(keras.callbacks.Callback):
    """Logs each epoch to the active run of MLflow, under names it takes.

    `mlflow.keras.MlflowCallback` does the work: optimizer and summary of the
    model when training begins, the logs of each epoch. MLflow refuses all
    metrics of an epoch if the name of one holds `@`, with no more than a line
    in the log: `val_hit@1` is `val_hit_at_1` here. Put it after `Validation`.

    Raises:
        ModuleNotFoundError: If MLflow is not installed.

    Example:

    >>> with mlflow.start_run():
    ...     teacher.fit(
    ...         data.batches("train", 64),
    ...         callbacks=[fndrec.Validation(data), fndrec.MLflowMetrics()],
    ...     )
    """

    def __init__(self) -> None:
        super().__init__()
        require("mlflow", "mlflow", "`MLflowMetrics`")
        # Here, as it comes with the extra `mlflow`.
        from mlflow.keras import MlflowCallback

        self._inner = MlflowCallback()

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._inner.set_model(model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._inner.on_train_begin(logs)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        named = {
            REFUSED.sub("_", name.replace("@", "_at_")): value
            for name, value in (logs or {}).items()
        }
        self._inner.on_epoch_end(epoch, named)
