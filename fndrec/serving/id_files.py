"""Text files of one id per line."""

from pathlib import Path

import pyarrow.compute as pc

from fndrec.data import Vocabulary
from fndrec.errors import DataError


def check_lines(ids: Vocabulary, name: str) -> None:
    """Raises if an id cannot be a line of a text file.

    Args:
        ids: The ids.
        name: What they identify, for errors.

    Raises:
        DataError: If an id contains a line break or is empty. Empty ids stand
            for padding.
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
    """Writes ids to a text file, one per line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{name}\n" for name in ids)
