"""Loads an exported model in a worker, with TensorFlow alone."""

import contextlib
import os
from pathlib import Path
from typing import Any

import tensorflow as tf

from fndrec.errors import DataError


def version_of(export_dir: Path) -> Path:
    """Returns the folder of the SavedModel of an export.

    Args:
        export_dir: The folder of the versions, or a version.

    Returns:
        The highest version.

    Raises:
        DataError: If there is none.
    """
    if (export_dir / "saved_model.pb").is_file():
        return export_dir.resolve()
    found = [
        path
        for path in export_dir.glob("*")
        if path.name.isdecimal() and (path / "saved_model.pb").is_file()
    ]
    if not found:
        raise DataError(
            f"{export_dir}: should be a folder that `fndrec export` made. "
            "Received: no version in it"
        )
    return max(found, key=lambda path: int(path.name)).resolve()


def use_threads(threads: int) -> None:
    """Sets the number of threads before TensorFlow starts."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def _spare_gpus() -> None:
    """Lets GPU memory grow as needed.

    Actors may share one, and the process that starts them hardly needs any.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        # It cannot be changed once TensorFlow is at work.
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)


class Exported:
    """A signature of a loaded SavedModel.

    Args:
        path: The version.
        name: Name of the signature.

    Attributes:
        inputs: What it takes: TensorSpec of each name.

    Raises:
        DataError: If the model has no such signature.
    """

    def __init__(self, path: Path, name: str) -> None:
        _spare_gpus()
        # Kept, as the functions do not keep their model.
        self._loaded = tf.saved_model.load(os.fspath(path))
        if name not in self._loaded.signatures:
            raise DataError(
                f"{path}: should have the signature `{name}`, which needs an "
                "export with the data: `fndrec export --data`. Received: "
                f"{sorted(self._loaded.signatures)}"
            )
        self._function = self._loaded.signatures[name]
        self.inputs: dict[str, Any] = self._function.structured_input_signature[
            1
        ]

    def __call__(self, **inputs: Any) -> dict[str, Any]:
        found = self._function(
            **{key: tf.constant(value) for key, value in inputs.items()}
        )
        return {key: value.numpy() for key, value in found.items()}
