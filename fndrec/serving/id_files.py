"""Text files of one id per line, which TensorFlow looks ids up in."""

from pathlib import Path

import pyarrow.compute as pc

from fndrec.data import Vocabulary
from fndrec.errors import DataError


def check_lines(ids: Vocabulary, name: str) -> None:
    """Raises if ids cannot be lines of a text file.

    Args:
        ids: The ids.
        name: What they are the ids of.

    Raises:
        DataError: If an id is empty, which stands for padding, or contains a
            line break.
    """
    bad = pc.match_substring_regex(ids.ids, r"[\r\n]|^$")
    row = pc.index(bad, True).as_py()
    if row >= 0:
        raise DataError(
            f"{name}: ids that are not empty and have no line break were "
            f"expected, for a file of one id per line. Received: {ids[row]!r} "
            f"in row {row}"
        )


def write_lines(ids: Vocabulary, path: Path) -> None:
    """Writes ids, one per line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{name}\n" for name in ids)
