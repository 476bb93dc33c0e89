"""Whether photo paths stay in their folder and name files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data.photos.photo_files import LmdbFile, is_lmdb
from fndrec.data.readers.checks.row_checks import BoolArray, to_bools

# Absolute (of either system), or with a `..` among its parts.
_UNSAFE = r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)"


def check_photos(
    paths: pa.StringArray, root: Path
) -> tuple[BoolArray, BoolArray]:
    """Returns which photo paths leave `root` and which name no file.

    Folders are listed once each rather than asked for every photo, so that
    100,000 photos take about a second. Null and empty paths pass.

    Args:
        paths: Paths relative to `root`.
        root: Folder that no path may leave, not by a symbolic link either;
            or an LMDB of photos, which the paths are the keys of.

    Returns:
        Two bool arrays `(paths,)`: unsafe, missing.
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
        # A link, a file under another spelling of its name, or nothing.
        try:
            real = os.path.realpath(os.path.join(root, path))
        except ValueError:  # A null character.
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
