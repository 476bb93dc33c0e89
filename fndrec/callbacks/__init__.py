"""Keras callbacks: validation, backups and logging."""

from fndrec.callbacks.chief_backup import ChiefBackup
from fndrec.callbacks.mlflow_metrics import MLflowMetrics
from fndrec.callbacks.stop_on_nan import StopOnNaN
from fndrec.callbacks.training_backup import TrainingBackup
from fndrec.callbacks.validation import Validation

__all__ = [
    "ChiefBackup",
    "MLflowMetrics",
    "StopOnNaN",
    "TrainingBackup",
    "Validation",
]
