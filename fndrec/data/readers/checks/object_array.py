"""NumPy files of pickled Python objects."""

from __future__ import annotations

import pickle  # nosec B403
from pathlib import Path
from typing import Any

import numpy as np

from fndrec.data.readers.checks.source import check_file
from fndrec.errors import DataError

# Globals in pickles of dictionaries, lists, numbers, strings and arrays.
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
        raise pickle.UnpicklingError(f"a pickle of {module}.{name}")


def load_object(path: Path, allow_pickle: bool) -> Any:
    """Reads a `.npy` file of Python objects.

    Args:
        path: The file.
        allow_pickle: Whether the file may be unpickled. Even then, only
            dictionaries, lists, numbers, strings and NumPy arrays are.

    Returns:
        The array, or the object in an array without axes.

    Raises:
        DataError: If the file is missing or malformed, or needs unpickling
            and `allow_pickle` is false.
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
                    "Use allow_pickle=True (--allow-pickle) only for files "
                    "from a source you trust"
                )
            value = _PlainUnpickler(file, encoding="latin1").load()
    except DataError:
        raise
    except Exception as error:  # a crafted file can provoke any error
        raise DataError(
            f"{path}: a .npy file of dictionaries, lists, numbers, strings "
            f"and arrays was expected. Received: {error}"
        ) from error
    if isinstance(value, np.ndarray) and shape == ():
        return value.item()
    return value
