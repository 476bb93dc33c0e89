"""Photos by name, from a folder or from an LMDB."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fndrec.data.lmdb_file import DATA_FILE, LmdbFile, is_lmdb
from fndrec.errors import DataError

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
