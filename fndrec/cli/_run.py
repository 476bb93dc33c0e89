"""Records of runs, and output folders."""

import argparse
import importlib.metadata
import json
import platform
import resource
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from fndrec.errors import DataError
from fndrec.files import atomic_write

RUN_FILE = "run.json"
# Commands that fill a folder of their own.
FOLDER_COMMANDS = ("train", "distill", "demo", "data")
PACKAGES = ("fndrec", "tensorflow", "keras", "tensorflow-recommenders", "numpy")


class RunRecord:
    """Contents of `run.json`: arguments, versions and results.

    Args:
        args: The parsed arguments.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.started = time.time()
        self.arguments = {
            key: str(value) if isinstance(value, Path) else value
            for key, value in vars(args).items()
            if key not in ("run", "command", "words")
        }
        self.command = args.command
        # As it was typed, where the command was.
        self.words = getattr(args, "words", None)

    def save(self, folder: Path, **results: Any) -> None:
        """Writes the record as `run.json`.

        The record of another command in the folder is left alone: this one
        is then `run.COMMAND.json`.

        Args:
            folder: Where what the command made is.
            **results: What the command found.
        """
        # Linux counts in KiB, macOS in bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        record = {
            "command": self.command,
            "line": self.words and shlex.join(["fndrec", *self.words]),
            "arguments": self.arguments,
            "seed": self.arguments.get("seed"),
            "versions": {
                "python": platform.python_version(),
                **{package: _version(package) for package in PACKAGES},
            },
            **results,
            "seconds": round(time.time() - self.started, 1),
            "peak_memory_mb": round(peak / 2**20),
        }
        path = folder / RUN_FILE
        if path.exists() and _command_of(path) != self.command:
            path = folder / f"run.{self.command}.json"
        atomic_write(path, json.dumps(record, indent=2) + "\n")


def _command_of(path: Path) -> str | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record.get("command") if isinstance(record, dict) else None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None  # under another name, such as tensorflow-cpu


def check_new_folder(path: Path, overwrite: bool) -> None:
    """Checks before long work that a new folder can be written."""
    if path.exists() and not path.is_dir():
        raise DataError(f"{path}: should be a folder. Received: a file")
    if not path.is_dir() or not any(path.iterdir()):
        return
    if not overwrite:
        raise DataError(
            f"{path}: should be a new or an empty folder. Received: a folder "
            "that holds files; --overwrite replaces it"
        )
    # Replacing means deleting: a slip must not cost a data set.
    if _command_of(path / RUN_FILE) not in FOLDER_COMMANDS:
        raise DataError(
            f"{path}: --overwrite replaces what an earlier run made. "
            f"Received: a folder that holds files, but no {RUN_FILE} of "
            f"{', '.join(FOLDER_COMMANDS)}"
        )
