"""A disk of some megabytes, to be full or read-only in earnest."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MEGABYTES = 24
NOBODY = 65534


class SmallDisk:
    """A mounted tmpfs.

    Args:
        path: Where it is mounted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def full(self, left: int = 0) -> Iterator[None]:
        """Fills the disk up, but for some bytes."""
        filler = self.path / "filler"
        with filler.open("wb") as file:
            free = shutil.disk_usage(self.path).free
            os.posix_fallocate(file.fileno(), 0, free - left)
        try:
            yield
        finally:
            filler.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be written, not even by root."""
        _mount("-o", "remount,ro", str(self.path))
        try:
            yield
        finally:
            _mount("-o", "remount,rw", str(self.path))

    @contextmanager
    def denied(self) -> Iterator[None]:
        """Another user, who may read everything and write nothing."""
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)


def _mount(*words: str) -> None:
    command = [shutil.which("mount") or "mount", *words]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """Mounts it; skips the test where that is not allowed."""
    try:
        size = f"size={MEGABYTES}m,mode=755"
        _mount("-t", "tmpfs", "-o", size, "tmpfs", str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a disk cannot be mounted here: {error}")
    try:
        yield SmallDisk(path)
    finally:
        command = [shutil.which("umount") or "umount", "--lazy", str(path)]
        subprocess.run(command, check=True)
