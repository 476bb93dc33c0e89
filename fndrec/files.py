"""Files and folders that are written whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fndrec.errors import DataError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a temporary path that becomes `path` if the block succeeds.

    Args:
        path: The file to write. Missing parent folders are created.

    Yields:
        The path to write to, in the same folder.

    Raises:
        OSError: If the file cannot be written. The error names `path`.
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
    """Writes a text file in UTF-8, whole or not at all.

    Args:
        path: The file.
        text: Its new content.
    """
    with atomic_path(path) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yields a temporary folder that becomes `path` if the block succeeds.

    Args:
        path: The final folder. An existing one is moved aside first and
            deleted last, so one of the two exists whole at any moment. It is
            moved back if the new one cannot take its place.

    Yields:
        The temporary folder.

    Raises:
        DataError: If another process is filling the folder.
        OSError: If the folder cannot be written. The error names `path`.
    """
    path = path.resolve()
    scratch = path.with_name(f".{path.name}.partial")
    old = path.with_name(f".{path.name}.old")
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if scratch.exists():  # left by a killed run, or in use by another
            with _locked(scratch, path):
                shutil.rmtree(scratch, ignore_errors=True)
        if old.exists() and not path.exists():
            old.rename(path)  # a run was killed between the two renames
        shutil.rmtree(old, ignore_errors=True)
        scratch.mkdir()
    with _locked(scratch, path):
        yield from _replaced_on_success(scratch, path, old)


def _replaced_on_success(
    scratch: Path, path: Path, old: Path
) -> Iterator[Path]:
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
def _locked(scratch: Path, path: Path) -> Iterator[None]:
    """Locks a folder against other processes; a killed process unlocks it."""
    handle = os.open(scratch, os.O_RDONLY)
    try:
        # Some network file systems cannot lock folders.
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(
                    f"{path}: should be written by one process at a time. "
                    "Received: a folder that another process is filling"
                ) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Names a path in errors that name none, such as "no space left".

    Args:
        path: The file or folder being written.

    Raises:
        OSError: With `path`, in place of an error that names no file.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
