import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.vocabulary import Vocabulary
from fndrec.errors import DataError

NAMES = st.lists(st.text(max_size=6), unique=True)


@given(NAMES)
def test_rows_and_take_are_inverse(names: list[str]) -> None:
    vocabulary = Vocabulary(names)
    rows = vocabulary.rows(names)
    assert rows.dtype == np.int32
    assert rows.tolist() == list(range(len(names)))
    assert vocabulary.take(rows) == names
    assert list(vocabulary) == vocabulary.to_list() == names
    assert len(vocabulary) == len(names)


@given(NAMES, st.lists(st.text(max_size=6)))
def test_rows_agree_with_a_dictionary(
    names: list[str], asked: list[str]
) -> None:
    vocabulary = Vocabulary(names)
    expected = {name: row for row, name in enumerate(names)}
    assert vocabulary.rows(asked).tolist() == [
        expected.get(name, -1) for name in asked
    ]
    for name in asked:
        assert (name in vocabulary) == (name in expected)


@given(NAMES, NAMES)
def test_equal_if_and_only_if_the_ids_are(a: list[str], b: list[str]) -> None:
    assert (Vocabulary(a) == Vocabulary(b)) == (a == b)
    assert Vocabulary(a) == Vocabulary(pa.array(a, pa.large_string()))


@pytest.mark.parametrize(
    "ids",
    [
        ["b", "x"],
        ("b", "x"),
        np.array(["b", "x"]),
        np.array(["b", "x"], object),
        np.array(["b", "x"], np.dtypes.StringDType()),
        pa.array(["b", "x"]),
        pa.array(["b", "x"], pa.large_string()),
        pa.array(["b", "x"]).dictionary_encode(),
        pa.chunked_array([["b"], ["x"]]),
    ],
    ids=lambda ids: f"{type(ids).__name__}-{getattr(ids, 'dtype', '')}",
)
def test_rows_take_any_array_of_strings(ids: object) -> None:
    assert Vocabulary(["a", "b"]).rows(ids).tolist() == [1, -1]


def test_rows_of_none_and_of_nothing() -> None:
    vocabulary = Vocabulary(["ab", "a"])
    assert vocabulary.rows(["a", None]).tolist() == [1, -1]
    assert vocabulary.rows([]).tolist() == []


def test_rows_keep_the_shape_and_are_writable() -> None:
    rows = Vocabulary(["a", "b"]).rows(np.array([["a", "c"], ["b", "b"]]))
    rows += 1
    assert rows.tolist() == [[1, 0], [2, 2]]


def test_getitem() -> None:
    vocabulary = Vocabulary(["a", "b"])
    assert vocabulary[1] == "b"
    with pytest.raises(IndexError):
        vocabulary[2]


@pytest.mark.parametrize("row", [-1, 2])
def test_take_refuses_rows_outside(row: int) -> None:
    with pytest.raises(IndexError):
        Vocabulary(["a", "b"]).take([row])


@pytest.mark.parametrize(
    ("ids", "named"),
    [
        (["a", "b", "a"], "'a' more than once"),
        (["a", None], r"ids\[1\]=None"),
        ([1, 2], "int64"),
        (["a", 2], "strings"),
        ([b"a"], "binary"),
        (np.array([1.5]), "double"),
    ],
)
def test_bad_ids(ids: object, named: str) -> None:
    with pytest.raises(DataError, match=named):
        Vocabulary(ids)


def test_rows_refuse_numbers() -> None:
    with pytest.raises(DataError, match="should be strings"):
        Vocabulary(["1"]).rows(np.array([1]))


def test_repr_is_short() -> None:
    vocabulary = Vocabulary([str(row) for row in range(1000)])
    assert repr(vocabulary) == "Vocabulary(['0', '1', '2', ...], size=1000)"


@pytest.mark.parametrize("categories", [None, ["x", "y"]])
def test_model_vocabulary_through_json(categories: list[str] | None) -> None:
    vocabulary = ModelVocabulary(
        Vocabulary(["u"]),
        Vocabulary(["i", "j"]),
        None if categories is None else Vocabulary(categories),
    )
    text = json.dumps(vocabulary.to_dict())
    again = ModelVocabulary.from_dict(json.loads(text))
    assert again.users == vocabulary.users
    assert again.items == vocabulary.items
    assert again.categories == vocabulary.categories


@pytest.mark.parametrize(
    ("names", "named"),
    [
        ({"items": []}, "`users`"),
        ({"users": "ann", "items": []}, "'ann'"),
        ({"users": ["a", "a"], "items": []}, "`users`.*'a' more than once"),
        ({"users": [1], "items": []}, "`users`.*int64"),
        ({"users": [], "items": [], "categories": 3}, "categories=3"),
    ],
)
def test_model_vocabulary_from_bad_json(
    names: dict[str, object], named: str
) -> None:
    with pytest.raises(DataError, match=named):
        ModelVocabulary.from_dict(names)
