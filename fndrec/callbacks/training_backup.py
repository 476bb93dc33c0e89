"""A backup from which a killed run resumes exactly."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fndrec.errors import DataError
from fndrec.files import atomic_folder

MODEL_FILE = "model.keras"
STATE_FILE = "state.json"
ARRAYS_FILE = "arrays.npz"


class TrainingBackup(keras.callbacks.Callback):
    """Saves the state of a run after each epoch, to resume it after a kill.

    Like `keras.callbacks.BackupAndRestore`, but no file is overwritten: each
    epoch gets a folder of its own, `epoch-N`, which appears whole; then the
    previous one is deleted. The state is complete: it includes the random
    state of the layers and what other callbacks remember. With batches that
    start at the same epoch, a killed run ends with the same weights as one
    that was not killed.

    `epoch-N/model.keras` is a model like any other, for `load_model`.

    Args:
        folder: Folder of the states, used by this run alone.
        keep: Callbacks whose numbers and arrays are saved too, such as
            `EarlyStopping`. Put them before this one in `fit`.
        about: Description of the run, serializable as JSON. A state with
            another description is refused.
        resume: Whether to resume from an existing state. If not, it is
            replaced after the first epoch.

    Attributes:
        epoch: Number of finished epochs, the `first_pass` of the batches; 0
            without a state.
        history: Logs of all finished epochs, as in `keras.callbacks.History`.

    Raises:
        DataError: If the state cannot be read or is of another run, or
            `folder` is a file.

    Example:

    >>> stop = keras.callbacks.EarlyStopping("loss", patience=3)
    >>> backup = fndrec.TrainingBackup("state", keep=[stop])
    >>> model.fit(
    ...     data.batches("train", 64, first_pass=backup.epoch),
    ...     initial_epoch=backup.initial_epoch(30),
    ...     epochs=30,
    ...     callbacks=[stop, backup],
    ... )
    >>> backup.remove()
    """

    def __init__(
        self,
        folder: str | Path,
        keep: Sequence[Any] = (),
        about: dict[str, Any] | None = None,
        resume: bool = True,
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise DataError(f"{folder}: should be a folder. Received: a file")
        self.keep = list(keep)
        self.about = {} if about is None else about
        self.epoch = 0
        self.history: dict[str, list[float]] = {}
        self._kept: list[dict[str, Any]] = []
        self._done = False
        self._shapes: list[list[int]] = []
        if resume and (latest := latest_epoch(self.folder)):
            self._read(latest)

    def initial_epoch(self, epochs: int) -> int:
        """Returns `initial_epoch` for `fit`.

        Args:
            epochs: The argument `epochs` of `fit`.

        Returns:
            `epochs` if the run had stopped by itself, as by `EarlyStopping`,
            so that no epoch follows; else `epoch`.
        """
        return epochs if self._done else self.epoch

    def path(self) -> Path:
        """Returns the folder of the saved state, `epoch-N`."""
        return self.folder / f"epoch-{self.epoch}"

    def remove(self) -> None:
        """Deletes all states, once the result is saved elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, epoch: int) -> None:
        path = self.folder / f"epoch-{epoch}"
        try:
            state = json.loads((path / STATE_FILE).read_text(encoding="utf-8"))
            about, self.history = state["about"], state["history"]
            self._kept, self._done = state["keep"], state["done"]
            self._shapes = state["shapes"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: the state of a run was expected. Received: {error}"
            ) from error
        for key in sorted(about.keys() | self.about.keys()):
            if about.get(key) != self.about.get(key):
                raise DataError(
                    f"{self.folder}: holds the state of a run of "
                    f"{key}={about.get(key)!r}. "
                    f"Received: {key}={self.about.get(key)!r}"
                )
        self.epoch = epoch

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not self.epoch:
            return
        path = self.path()
        if self._shapes != self._shapes_now():
            # Keras would skip what does not fit, with a warning at best.
            raise DataError(
                f"{path}: the state of this model was expected. Received: "
                f"{len(self._shapes)} variables of other shapes than its "
                f"{len(self._shapes_now())}"
            )
        try:
            self.model.load_weights(path / MODEL_FILE)
            with np.load(path / ARRAYS_FILE, allow_pickle=False) as arrays:
                for at, draws in enumerate(self._draws()):
                    draws.assign(arrays[f"draws-{at}"])
                for at, callback in enumerate(self.keep):
                    for name, value in self._kept[at].items():
                        if isinstance(value, dict):  # arrays, see `_state`
                            value = [
                                arrays[f"{at}-{name}-{i}"]
                                for i in range(value["arrays"])
                            ]
                        setattr(callback, name, value)
        except (OSError, ValueError, KeyError, IndexError) as error:
            reason = " ".join(str(error).split())
            raise DataError(
                f"{path}: the state of this run was expected. "
                f"Received: {reason[:500]}"
            ) from error

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if epoch != self.epoch:
            raise ValueError(
                f"`initial_epoch` of `fit` should be {self.epoch}, the number "
                f"of finished epochs. Received: initial_epoch={epoch}"
            )

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        for key, value in (logs or {}).items():
            values = self.history.setdefault(key, [])
            values.append(float(np.mean(value)))
        self.epoch = epoch + 1
        self.write()

    def write(self) -> None:
        """Writes the current state, whole or not at all."""
        arrays = {
            f"draws-{at}": np.asarray(draws)
            for at, draws in enumerate(self._draws())
        }
        kept = []
        for at, callback in enumerate(self.keep):
            kept.append(_state(callback, f"{at}-", arrays))
        state = {
            "about": self.about,
            "history": self.history,
            "keep": kept,
            "done": bool(self.model.stop_training),
            "shapes": self._shapes_now(),
        }
        with atomic_folder(self.path()) as draft:
            self.model.save(draft / MODEL_FILE)
            np.savez(draft / ARRAYS_FILE, allow_pickle=False, **arrays)
            (draft / STATE_FILE).write_text(json.dumps(state), encoding="utf-8")
        for other in self.folder.glob("epoch-*"):
            if other.name != self.path().name:
                shutil.rmtree(other, ignore_errors=True)

    def _shapes_now(self) -> list[list[int]]:
        """Returns the shapes of all saved variables."""
        saved = [*self.model.weights, *self.model.optimizer.variables]
        return [list(variable.shape) for variable in saved]

    def _draws(self) -> list[Any]:
        """Returns the random states of layers, which Keras does not save."""
        return [
            variable
            for variable in self.model.variables
            if variable.path.endswith("seed_generator_state")
        ]


def latest_epoch(folder: Path) -> int:
    """Returns the last epoch with a state in a folder, 0 for none."""
    found = [
        int(match[1])
        for path in folder.glob("epoch-*")
        if (match := re.fullmatch(r"epoch-(\d+)", path.name))
    ]
    return max(found, default=0)


def _state(
    callback: Any, prefix: str, arrays: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Returns the numbers of a callback; its arrays are added to `arrays`."""
    state: dict[str, Any] = {}
    for name, value in vars(callback).items():
        if isinstance(value, np.generic):
            value = value.item()
        if name.startswith("_") or name == "params":
            continue
        if value is None or isinstance(value, bool | int | float):
            state[name] = value
        elif (
            isinstance(value, list)
            and value
            and all(isinstance(one, np.ndarray) for one in value)
        ):
            state[name] = {"arrays": len(value)}
            for at, one in enumerate(value):
                arrays[f"{prefix}{name}-{at}"] = one
    return state
