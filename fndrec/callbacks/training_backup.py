"""What a run needs to go on after it was killed."""

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
    """Keeps the state of a run after each epoch, to take it up after a kill.

    As `keras.callbacks.BackupAndRestore`, but nothing is written over: each
    epoch has a folder of its own, `epoch-N`, that appears whole, and the one
    before it goes afterwards. And all of the state is kept: also how far the
    random draws of the layers have come, and what other callbacks remember.
    With batches that begin at the same epoch, a run that was killed ends with
    the very weights of one that was not.

    `epoch-N/model.keras` is a model like any other, for `load_model`.

    Args:
        folder: Where states are kept; of this run alone.
        keep: Callbacks whose numbers and arrays are kept too, such as
            `EarlyStopping`. They come before this one in `fit`.
        about: What the run is of, as JSON can hold it. A state of another
            run is refused.
        resume: Whether to go on with a state that is there. If not, it is
            replaced after the first epoch.

    Attributes:
        epoch: Epochs that are done: `first_pass` of the batches. 0 where
            there is no state.
        history: The logs of all epochs that are done, as
            `keras.callbacks.History` has them.

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
        """What `fit` is to be called with.

        Args:
            epochs: The argument `epochs` of `fit`.

        Returns:
            `epochs`, that is none more, if the run had stopped by itself,
            as `EarlyStopping` has it; else `epoch`.
        """
        return epochs if self._done else self.epoch

    def path(self) -> Path:
        """The folder of the state that is held, `epoch-N`."""
        return self.folder / f"epoch-{self.epoch}"

    def remove(self) -> None:
        """Deletes all states: the run is over, its result is elsewhere."""
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
            # Keras would leave out what does not fit, with a warning at most.
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
                f"`initial_epoch` of `fit` should be {self.epoch}, as the run "
                f"has come so far. Received: initial_epoch={epoch}"
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
        """Writes the state as it is now, whole or not at all."""
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
        """Those of all that is saved of model and optimizer."""
        saved = [*self.model.weights, *self.model.optimizer.variables]
        return [list(variable.shape) for variable in saved]

    def _draws(self) -> list[Any]:
        """How far each layer has come in its random draws.

        Keras keeps these out of what it saves.
        """
        return [
            variable
            for variable in self.model.variables
            if variable.path.endswith("seed_generator_state")
        ]


def latest_epoch(folder: Path) -> int:
    """The last epoch whose state is in a folder of states, 0 for none."""
    found = [
        int(match[1])
        for path in folder.glob("epoch-*")
        if (match := re.fullmatch(r"epoch-(\d+)", path.name))
    ]
    return max(found, default=0)


def _state(
    callback: Any, prefix: str, arrays: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The numbers of a callback; its lists of arrays go to `arrays`."""
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
