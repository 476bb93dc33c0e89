"""Tables from string ids to rows, kept as text files beside the graph."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from fndrec.data import Vocabulary
from fndrec.serving.id_files import check_lines, write_lines


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


def rows(table: Any, ids: Any) -> Any:
    """int32 rows of ids of any shape; -1 for an id not known."""
    return tf.cast(table.lookup(ids), tf.int32)
