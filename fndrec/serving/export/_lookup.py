"""Tables from string ids to rows, stored as text files beside the graph."""

from pathlib import Path

import tensorflow as tf

from fndrec.data import Vocabulary
from fndrec.serving.id_files import check_lines, write_lines


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
