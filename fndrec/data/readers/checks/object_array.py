"""NumPy files that hold pickled Python objects."""

from __future__ import annotations

import pickle  # nosec B403
from pathlib import Path
from typing import Any

import numpy as np

from fndrec.data.readers.checks.source import check_file
from fndrec.errors import DataError

# All that dictionaries, lists, numbers, strings and arrays are made of.
_PLAIN = {
    "numpy": {"ndarray", "dtype"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
    "numpy._core.numeric": {"_frombuffer"},
    "collections": {"OrderedDict", "defaultdict"},
    "builtins": {"dict", "list", "set", "int", "float", "str"},
    "_codecs": {"encode"},
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name in _PLAIN.get(module, ()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def load_object(path: Path, allow_pickle: bool) -> Any:
    """Reads the Python object of a `.npy` file of dtype object.

    Args:
        path: The file.
        allow_pickle: Whether it may be unpickled. Even then nothing but
            dictionaries, lists, numbers, strings and NumPy arrays is.

    Returns:
        The object; an array that holds one object gives that.

    Raises:
        DataError: If the file is missing or no such file, or
            `allow_pickle` is false.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version](file)
            shape, _, dtype = header
            if not dtype.hasobject:
                file.seek(0)
                return np.load(file, allow_pickle=False)
            if not allow_pickle:
                raise DataError(
                    f"{path}: holds pickled Python objects, and unpickling "
                    "can run any code that the file's author put there. "
                    "allow_pickle=True (--allow-pickle) reads it: only for "
                    "files from a place you trust"
                )
            value = _PlainUnpickler(file, encoding="latin1").load()
    except DataError:
        raise
    except Exception as error:  # whatever a crafted file provokes
        raise DataError(
            f"{path}: a .npy file of dictionaries, lists, numbers, strings "
            f"and arrays was expected. Received: {error}"
        ) from error
    if isinstance(value, np.ndarray) and shape == ():
        return value.item()
    return value
