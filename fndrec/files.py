"""Files that are whole or not there."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fndrec.errors import DataError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that becomes `path` if all goes well.

    Args:
        path: The file to write; its folder is made if missing.

    Yields:
        The name to write to.

    Raises:
        OSError: If it cannot be written; the error names `path`.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def atomic_write(path: Path, text: str) -> None:
    """Writes a text file under a temporary name, then renames it.

    Args:
        path: The file.
        text: What it shall hold.
    """
    with atomic_path(path) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes its name only when all went well.

    Args:
        path: The name it takes; a folder of that name is replaced. It is put
            aside first and deleted last, so that at any moment one of the
            two is there whole, and comes back if the new one cannot take
            its place.

    Yields:
        The folder under its temporary name.

    Raises:
        DataError: If another process is filling it.
        OSError: If it cannot be written; the error names `path`.
    """
    path = path.resolve()
    scratch = path.with_name(f".{path.name}.partial")
    old = path.with_name(f".{path.name}.old")
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if scratch.exists():  # of a run that was killed, if no one holds it
            with _held(scratch, path):
                shutil.rmtree(scratch, ignore_errors=True)
        if old.exists() and not path.exists():
            old.rename(path)  # a run was killed between the two renames
        shutil.rmtree(old, ignore_errors=True)
        scratch.mkdir()
    with _held(scratch, path):
        yield from _filled(scratch, path, old)


def _filled(scratch: Path, path: Path, old: Path) -> Iterator[Path]:
    try:
        with named_errors(path):
            yield scratch
        with named_errors(path):
            if path.exists():
                path.rename(old)
            try:
                scratch.rename(path)
            except OSError:
                if old.exists():
                    old.rename(path)
                raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _held(scratch: Path, path: Path) -> Iterator[None]:
    """Keeps other processes out of a folder for as long as this one lives."""
    handle = os.open(scratch, os.O_RDONLY)
    try:
        # Some network file systems have no locks on folders.
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(
                    f"{path}: should be written by one process at a time. "
                    "Received: a folder that another is filling"
                ) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Adds the name to errors that say no more than "no space left".

    Args:
        path: What is being written.

    Raises:
        OSError: In place of one that names no file.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
