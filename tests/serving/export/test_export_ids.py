"""Ids as lines of text files."""

from pathlib import Path

import pytest
import tensorflow as tf

from fndrec import DataError
from fndrec.data import Vocabulary
from fndrec.serving.export._lookup import lookup_rows, lookup_table


def test_ids_of_all_kinds(tmp_path: Path) -> None:
    ids = ["plain", " with spaces ", "tab\there", "ü", "a\u2028b", "0", "ü "]
    table = lookup_table(Vocabulary(ids), tmp_path / "users.txt")
    asked = tf.constant([[*ids], ["", "Plain", "tab", "u", "a", "00", "b"]])
    found = lookup_rows(table, asked).numpy()
    assert found[0].tolist() == list(range(7))
    assert (found[1] == -1).all()


@pytest.mark.parametrize("name", ["", "two\nlines", "return\rhere"])
def test_ids_that_are_no_lines(tmp_path: Path, name: str) -> None:
    path = tmp_path / "items.txt"
    with pytest.raises(DataError, match=r"items: ids .* in row 1"):
        lookup_table(Vocabulary(["fine", name]), path)
    assert not path.exists()
