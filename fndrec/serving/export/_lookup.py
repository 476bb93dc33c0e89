"""Tables from string ids to rows, kept as text files beside the graph."""

from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import tensorflow as tf

from fndrec.data import Vocabulary
from fndrec.errors import DataError


def lookup_table(ids: Vocabulary, path: Path) -> Any:
    """A table from ids to their rows, -1 for an id not in it.

    Args:
        ids: The ids in row order.
        path: Text file to write; the SavedModel keeps a copy.

    Returns:
        A `tf.lookup.StaticHashTable` from string to int64.

    Raises:
        DataError: As `check_lines`.
    """
    check_lines(ids, path.stem)
    write_lines(ids, path)
    return tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(
            str(path),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        default_value=-1,
    )


def check_lines(ids: Vocabulary, name: str) -> None:
    """Raises if ids cannot be the lines of a text file.

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
            f"expected, for a file of one id a line. Received: {ids[row]!r} "
            f"in row {row}"
        )


def write_lines(ids: Vocabulary, path: Path) -> None:
    """Writes ids, one a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{name}\n" for name in ids)


def rows(table: Any, ids: Any) -> Any:
    """int32 rows of ids of any shape; -1 for an id not known."""
    return tf.cast(table.lookup(ids), tf.int32)
