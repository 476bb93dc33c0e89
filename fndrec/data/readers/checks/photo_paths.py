"""Checks that photo paths stay in their folder and name files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data.photos.photo_files import LmdbFile, is_lmdb
from fndrec.data.readers.checks.row_checks import BoolArray, to_bools

# Absolute paths of POSIX and Windows, and paths with a `..` part.
_UNSAFE = r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)"


def check_photos(
    paths: pa.StringArray, root: Path
) -> tuple[BoolArray, BoolArray]:
    """Returns which photo paths leave `root` and which name no file.

    Each folder is listed once instead of checking each photo, so 100,000
    photos take about a second. Null and empty paths pass.

    Args:
        paths: Paths relative to `root`.
        root: Folder that no path may leave, not even by a symbolic link; or
            an LMDB of photos with the paths as keys.

    Returns:
        Two bool arrays `(paths,)`: unsafe paths, missing files.
    """
    unsafe = to_bools(pc.match_substring_regex(paths, _UNSAFE)).copy()
    missing = np.zeros(len(paths), np.bool_)
    if is_lmdb(root):
        with LmdbFile(root) as file:
            for row, path in enumerate(paths.to_pylist()):
                if path and not unsafe[row]:
                    missing[row] = file.get(path) is None
        return unsafe, missing
    inside = os.path.join(os.path.realpath(root), "")
    listed: dict[str, set[str]] = {}
    for row, path in enumerate(paths.to_pylist()):
        if not path or unsafe[row]:
            continue
        folder, name = os.path.split(path)
        if folder not in listed:
            listed[folder] = _plain_files(os.path.join(root, folder), inside)
        if name in listed[folder]:
            continue
        # A link, another spelling of a file's name, or a missing file.
        try:
            real = os.path.realpath(os.path.join(root, path))
        except ValueError:  # a null character
            missing[row] = True
            continue
        unsafe[row] = not real.startswith(inside)
        missing[row] = not unsafe[row] and not os.path.isfile(real)
    return unsafe, missing


def _plain_files(folder: str, inside: str) -> set[str]:
    try:
        real = os.path.join(os.path.realpath(folder), "")
        if not real.startswith(inside):
            return set()
        with os.scandir(real) as entries:
            return {
                entry.name
                for entry in entries
                if entry.is_file(follow_symlinks=False)
            }
    except (OSError, ValueError):
        return set()
