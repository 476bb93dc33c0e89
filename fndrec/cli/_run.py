"""The record of a run, and folders that appear only when complete."""

import argparse
import contextlib
import importlib.metadata
import json
import platform
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fndrec.data import atomic_write
from fndrec.errors import DataError

PACKAGES = ("fndrec", "tensorflow", "keras", "tensorflow-recommenders", "numpy")


class RunRecord:
    """What `run.json` says of a command: arguments, versions, results.

    Args:
        args: The parsed arguments.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.started = time.time()
        self.arguments = {
            key: str(value) if isinstance(value, Path) else value
            for key, value in vars(args).items()
            if key not in ("run", "command")
        }
        self.command = args.command

    def save(self, path: Path, **results: Any) -> None:
        """Writes the record.

        Args:
            path: Path of the JSON file.
            **results: What the command found.
        """
        # Linux counts in KiB, macOS in bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        record = {
            "command": self.command,
            "arguments": self.arguments,
            "seed": self.arguments.get("seed"),
            "versions": {
                "python": platform.python_version(),
                **{p: importlib.metadata.version(p) for p in PACKAGES},
            },
            **results,
            "seconds": round(time.time() - self.started, 1),
            "peak_memory_mb": round(peak / 2**20),
        }
        atomic_write(path, json.dumps(record, indent=2) + "\n")


def check_new_folder(path: Path, overwrite: bool) -> None:
    """Raises before long work if a folder cannot be written in the end."""
    if path.exists() and not path.is_dir():
        raise DataError(f"{path}: should be a folder. Received: a file")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise DataError(
            f"{path}: should be a new or an empty folder. Received: a folder "
            "that holds files; --overwrite replaces it"
        )


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes its name only when all went well.

    Args:
        path: The name it takes; a folder of that name is replaced.

    Yields:
        The folder under its temporary name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
        if path.exists():
            shutil.rmtree(path)
        scratch.rename(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
