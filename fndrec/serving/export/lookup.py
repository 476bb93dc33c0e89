"""Tables from string ids to rows, stored as text files with one id per line."""

from pathlib import Path

import pyarrow.compute as pc
import tensorflow as tf

from fndrec.data import Vocabulary
from fndrec.errors import DataError


def lookup_table(ids: Vocabulary, path: Path) -> tf.lookup.StaticHashTable:
    """Makes a table from ids to their rows, -1 for an unknown id.

    Args:
        ids: The ids in row order.
        path: Text file to write; the SavedModel keeps a copy.

    Returns:
        A table from string to int64.

    Raises:
        DataError: See `check_lines`.
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


def lookup_rows(table: tf.lookup.StaticHashTable, ids: tf.Tensor) -> tf.Tensor:
    """Returns the int32 rows of ids of any shape, -1 for an unknown id."""
    return tf.cast(table.lookup(ids), tf.int32)


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
