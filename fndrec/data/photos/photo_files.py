"""Photo files by name, from a folder or an LMDB."""

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
DATA_FILE = "data.mdb"


@contextmanager
def open_photos(root: Path) -> Iterator[PhotoFiles]:
    """Opens a folder or an LMDB of photos.

    Args:
        root: Folder of the photos, or an LMDB with encoded photos as values,
            as `build_polyvore.py` of Fashion-Hash-Net writes it.

    Yields:
        A function that maps the name of a photo to its path, or to its bytes
        if it is in an LMDB. Threads may share it.
    """
    if not is_lmdb(root):
        yield lambda name: root / name
        return
    with LmdbFile(root) as file:
        yield lambda name: _photo_bytes(file, name)


def photo_states(root: Path, names: Sequence[str]) -> list[str | None]:
    """Returns the state of photos, which changes when they change.

    Args:
        root: As in `open_photos`.
        names: Names of photos.

    Returns:
        Size and modification time of each photo's file, None for a missing
        photo. For an LMDB, those of the LMDB.
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


def _photo_bytes(file: LmdbFile, name: str) -> bytes:
    value = file.get(name)
    if value is None:
        raise DataError(f"{file.folder / name}: no such photo in the LMDB")
    return value


def is_lmdb(folder: Path) -> bool:
    """Returns whether a folder is an LMDB, by the name of its data file."""
    return (folder / DATA_FILE).is_file()


class LmdbFile:
    """A read-only LMDB, which maps names to bytes.

    Values are not interpreted. In particular, nothing is unpickled.

    Args:
        folder: The folder that holds `data.mdb`.

    Raises:
        ModuleNotFoundError: If the extra `lmdb` is not installed.
        DataError: If the folder is not an LMDB.

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
            # Without a lock, as published data may be in read-only folders.
            self._env: Any = lmdb.open(
                str(folder), readonly=True, lock=False, readahead=False
            )
        except lmdb.Error as error:
            raise DataError(
                f"{folder / DATA_FILE}: an LMDB was expected. Received: {error}"
            ) from error
        self.folder = folder

    def get(self, name: str) -> bytes | None:
        """Returns the value of a name, None if there is none."""
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
