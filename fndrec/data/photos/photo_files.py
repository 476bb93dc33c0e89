"""Photos by name, from a folder or from an LMDB."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fndrec.errors import DataError
from fndrec.extras import require

PhotoFiles = Callable[[str], Path | bytes]


@contextmanager
def open_photos(root: Path) -> Iterator[PhotoFiles]:
    """Opens what holds photos.

    Args:
        root: Folder of the photos; or an LMDB, with the photos' files as
            values, as Fashion-Hash-Net's `build_polyvore.py` writes it.

    Yields:
        A function from a photo's name to its file, or to what the file
        holds where it has none of its own. Threads may share it.
    """
    if not is_lmdb(root):
        yield lambda name: root / name
        return
    with LmdbFile(root) as file:
        yield lambda name: _value(file, name)


def photo_states(root: Path, names: Sequence[str]) -> list[str | None]:
    """What tells, without reading photos, whether one has changed.

    Args:
        root: As in `open_photos`.
        names: Names of photos.

    Returns:
        Size and time of change by photo, None for one that is missing. Those
        of an LMDB are the LMDB's own.
    """
    if is_lmdb(root):
        state = _state(root / DATA_FILE)
        with LmdbFile(root) as file:
            return [None if file.get(name) is None else state for name in names]
    return [_state(root / name) for name in names]


def _state(path: Path) -> str | None:
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(state.st_mode):
        return None
    return f"{state.st_size} {state.st_mtime_ns}"


def _value(file: LmdbFile, name: str) -> bytes:
    value = file.get(name)
    if value is None:
        raise DataError(f"{file.folder / name}: no such photo in the LMDB")
    return value


DATA_FILE = "data.mdb"


def is_lmdb(folder: Path) -> bool:
    """Whether a folder is an LMDB, which keeps all in one file of a name."""
    return (folder / DATA_FILE).is_file()


class LmdbFile:
    """An LMDB opened to be read: bytes by name, nothing else.

    What a value means is for the caller to say; in particular nothing is
    unpickled.

    Args:
        folder: The folder that holds `data.mdb`.

    Raises:
        ModuleNotFoundError: If the extra `lmdb` is not installed.
        DataError: If it is no LMDB.

    Example:

    >>> with LmdbFile(Path("polyvore/images/lmdb")) as photos:
    ...     jpeg = photos.get("dc90bcdc75a05a2a4314ab816fd9b545a54f88aa.jpg")
    """

    def __init__(self, folder: Path) -> None:
        require("lmdb", "lmdb", "reading an LMDB")
        import lmdb

        if not is_lmdb(folder):
            raise DataError(
                f"{folder}: a folder with a file {DATA_FILE} was expected "
                "(an LMDB). Received: none"
            )
        self._error: type[Exception] = lmdb.Error
        try:
            # Without lock: published files lie in folders that are read-only.
            self._env: Any = lmdb.open(
                str(folder), readonly=True, lock=False, readahead=False
            )
        except lmdb.Error as error:
            raise DataError(
                f"{folder / DATA_FILE}: an LMDB was expected. Received: {error}"
            ) from error
        self.folder = folder

    def get(self, name: str) -> bytes | None:
        """Returns what is kept under a name, None if there is nothing."""
        key = name.encode("utf-8", "surrogatepass")
        if not 0 < len(key) <= self._env.max_key_size():
            return None
        try:
            with self._env.begin() as transaction:
                value: bytes | None = transaction.get(key)
        except self._error as error:
            raise DataError(
                f"{self.folder / DATA_FILE}: cannot be read under {name!r}. "
                f"Received: {error}"
            ) from error
        return value

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._env.close()
