"""Strings held once each, against the plain column."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fndrec.data.readers.checks.encoded_text import EncodedText

TEXT = ["b", "", None, "a", "b", "a\n", None]


def dictionary(indices: list[int | None], values: list[str | None]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(indices, pa.int8()), pa.array(values, pa.string())
    )


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TEXT),
        pa.array(TEXT).dictionary_encode(),
        pa.array(TEXT, pa.large_string()),
        # A value that no row has, one twice, one that is missing.
        dictionary(
            [0, 1, None, 3, 4, 5, 6], ["b", "", "z", "a", "b", "a\n", None]
        ),
    ],
    ids=["plain", "encoded", "large", "odd"],
)
def test_every_form(column: pa.Array) -> None:
    text = EncodedText.encode(column)
    assert [text[row].as_py() for row in range(len(text))] == TEXT
    assert len(set(text.values.to_pylist())) == len(text.values)

    def empty(values: pa.Array) -> pa.Array:
        return pc.equal(values, "")

    assert text.mask(empty, null=True).tolist() == [
        value in ("", None) for value in TEXT
    ]
    assert text.mask(empty, null=False).sum() == 1
    there = text.kept(text.codes >= 0)
    assert there.distinct().to_pylist() == ["b", "", "a", "a\n"]


def test_nothing() -> None:
    text = EncodedText.encode(pa.array([], pa.string()))
    assert len(text) == 0
    assert text.mask(lambda values: pc.equal(values, ""), null=True).size == 0
    assert text.distinct().to_pylist() == []
