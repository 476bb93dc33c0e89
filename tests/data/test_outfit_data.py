from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fndrec.data import from_tables, read_csv, write_csv
from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.outfit_data import OutfitData
from fndrec.data.vocabulary import Vocabulary
from fndrec.errors import DataError


def make(
    categories: list[str] | None = None,
    groups: list[str] | None = None,
    outfits: tuple[str, ...] = ("a;b", "c;d;a", "b;e"),
    **options: Any,
) -> OutfitData:
    """Five items, three outfits; o2 is liked in valid only, e is cold."""
    items: dict[str, Any] = {"item_id": list("abcde")}
    if categories is not None:
        items["category"] = categories
    if groups is not None:
        items["group"] = groups
    return from_tables(
        pa.table(items),
        pa.table(
            {
                "outfit_id": [f"o{row}" for row in range(len(outfits))],
                "item_ids": list(outfits),
            }
        ),
        {
            "valid": pa.table(
                {"user_id": ["new", "bob"], "outfit_id": ["o2", "o0"]}
            ),
            "train": pa.table(
                {
                    "user_id": ["bob", "ann", "bob"],
                    "outfit_id": ["o1", "o0", "o0"],
                }
            ),
        },
        **options,
    )


def test_arrays() -> None:
    data = make(categories=["top", "shoe", "top", "hat", "shoe"])
    assert data.items.to_list() == list("abcde")
    assert data.outfits.to_list() == ["o0", "o1", "o2"]
    assert data.outfit_items.tolist() == [[0, 1, -1], [2, 3, 0], [1, 4, -1]]
    assert data.outfit_items.dtype == np.int32
    assert list(data.splits) == ["train", "valid"]
    # In order of first appearance, train first.
    assert data.users.to_list() == ["bob", "ann", "new"]
    train = data.likes("train")
    assert len(train) == 3
    assert train.user.tolist() == [0, 1, 0]
    assert train.outfit.tolist() == [1, 0, 0]
    assert train.user.dtype == train.outfit.dtype == np.int32
    assert data.categories is not None
    assert data.categories.to_list() == ["hat", "shoe", "top"]
    assert data.item_category is not None
    assert data.item_category.tolist() == [2, 1, 2, 0, 1]
    assert (data.num_users, data.num_items) == (3, 5)
    assert (data.num_outfits, data.num_slots) == (3, 3)
    assert data.name == "in memory"
    assert data.photos is None
    assert data.photo_root is None
    assert data.features is None


def test_repr_tells_sizes() -> None:
    assert repr(make()) == (
        "OutfitData(name='in memory', users=3, items=5, outfits=3, slots=3, "
        "likes={'train': 3, 'valid': 2}, categories=None, features=None, "
        "photos=False)"
    )
    assert repr(make().likes("train")) == "Likes(3)"


def test_unknown_split() -> None:
    with pytest.raises(DataError, match=r"\['train', 'valid'\].*'test'"):
        make().likes("test")


def test_default_vocabulary_is_what_train_shows() -> None:
    data = make(categories=["top", "shoe", "top", "hat", "shoe"])
    assert data.vocabulary.users.to_list() == ["bob", "ann"]
    assert data.vocabulary.items.to_list() == list("abcd")
    assert data.vocabulary.categories == data.categories
    assert data.user_index.tolist() == [1, 2, 0]
    assert data.item_index.tolist() == [1, 2, 3, 4, 0]
    assert data.category_index is not None
    assert data.category_index.tolist() == [3, 2, 3, 1, 2]
    for index in (data.user_index, data.item_index, data.category_index):
        assert index.dtype == np.int32


def test_with_vocabulary_shares_arrays_but_no_indices() -> None:
    data = make(categories=["top", "shoe", "top", "hat", "shoe"])
    before = data.user_index, data.item_index, data.category_index
    other = data.with_vocabulary(
        ModelVocabulary(
            Vocabulary(["zoe", "new"]),
            Vocabulary(["e", "a"]),
            Vocabulary(["top"]),
        )
    )
    assert other.user_index.tolist() == [0, 0, 2]
    assert other.item_index.tolist() == [2, 0, 0, 0, 1]
    assert other.category_index is not None
    assert other.category_index.tolist() == [1, 0, 1, 0, 0]
    assert other.outfit_items is data.outfit_items
    assert (data.user_index, data.item_index, data.category_index) == before
    assert data.user_index is before[0]


@pytest.mark.parametrize("categories", [None, ["t", "t", "t", "t", "t"]])
def test_no_category_index_unless_both_have_categories(
    categories: list[str] | None,
) -> None:
    known = None if categories else Vocabulary(["t"])
    data = make(categories=categories).with_vocabulary(
        ModelVocabulary(Vocabulary(["ann"]), Vocabulary(["a"]), known)
    )
    assert data.category_index is None


def test_group_is_one_when_nothing_is_known() -> None:
    data = make()
    assert data.item_group.tolist() == [0] * 5
    assert data.item_group.dtype == np.int32
    assert data.groups is None


def test_group_is_the_column_when_given() -> None:
    data = make(
        categories=["top", "shoe", "top", "hat", "shoe"],
        groups=["y", "x", "y", "z", "x"],
    )
    assert data.item_group.tolist() == [1, 0, 1, 2, 0]
    assert data.groups is not None
    assert data.groups.to_list() == ["x", "y", "z"]


def test_group_is_the_category_when_outfits_differ_in_length() -> None:
    data = make(categories=["top", "shoe", "top", "hat", "shoe"])
    assert data.item_category is not None
    assert data.item_group.tolist() == data.item_category.tolist()


def test_group_is_the_usual_slot_of_the_category_in_fixed_slots() -> None:
    # 6 of 8 occurrences, 75%, are in place; hats are in no outfit.
    data = make(
        categories=["coat", "shoe", "top", "shoe", "hat"],
        outfits=("a;b", "c;d", "a;d", "b;c"),
    )
    assert data.item_group.tolist() == [0, 1, 0, 1, 2]


def test_group_is_the_category_when_slots_mean_nothing() -> None:
    # 5 of 8 are in place.
    data = make(
        categories=["coat", "shoe", "top", "shoe", "hat"],
        outfits=("a;b", "c;d", "d;a", "b;c"),
    )
    assert data.item_category is not None
    assert data.item_group.tolist() == data.item_category.tolist()


def same(one: OutfitData, other: OutfitData) -> None:
    """Asserts that two data sets hold the same."""
    for name in ("users", "items", "outfits", "categories", "groups"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("outfit_items", "item_category", "item_group", "features"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.photos == other.photos
    assert list(one.splits) == list(other.splits)
    for split, likes in one.splits.items():
        np.testing.assert_array_equal(likes.user, other.likes(split).user)
        np.testing.assert_array_equal(likes.outfit, other.likes(split).outfit)


ID = st.text(
    st.characters(exclude_characters="\0\r\n;", exclude_categories=["Cs"]),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(
    items=st.lists(ID, min_size=2, max_size=5, unique=True),
    outfits=st.lists(ID, min_size=1, max_size=4, unique=True),
    users=st.lists(ID, min_size=1, max_size=3, unique=True),
    categories=st.lists(ID, min_size=5, max_size=5),
    extras=st.booleans(),
)
def test_to_csv_and_back(
    tmp_path_factory: pytest.TempPathFactory,
    items: list[str],
    outfits: list[str],
    users: list[str],
    categories: list[str],
    extras: bool,
) -> None:
    table = {"item_id": items}
    if extras:
        table["category"] = categories[: len(items)]
        table["group"] = categories[::-1][: len(items)]
        table["feature"] = [[float(row), 0.5] for row in range(len(items))]  # type: ignore[misc]
    data = from_tables(
        pa.table(table),
        pa.table(
            {
                "outfit_id": outfits,
                "item_ids": [
                    items[: 1 + row % len(items)] for row in range(len(outfits))
                ],
            }
        ),
        {
            "train": pa.table(
                {"user_id": users, "outfit_id": outfits[:1] * len(users)}
            ),
            "extra": pa.table({"user_id": users[:1], "outfit_id": outfits[:1]}),
        },
    )
    folder = tmp_path_factory.mktemp("shop")
    write_csv(data, folder)
    same(data, read_csv(folder, splits=["train", "extra"]))
    assert not [path for path in folder.iterdir() if path.name[0] == "."]


def test_to_csv_replaces_its_own_files(tmp_path: Path) -> None:
    write_csv(make(), tmp_path / "new" / "shop")
    data = make(categories=["x"] * 5)
    write_csv(data, tmp_path / "new" / "shop")
    again = read_csv(tmp_path / "new" / "shop")
    same(data, again)
    assert again.name == "shop"


@pytest.mark.parametrize("stale", ["test.csv", "features.npy"])
def test_to_csv_refuses_a_folder_of_other_data(
    tmp_path: Path, stale: str
) -> None:
    (tmp_path / stale).touch()
    with pytest.raises(DataError, match=stale):
        write_csv(make(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [stale]


def test_to_csv_refuses_an_id_that_would_be_split(tmp_path: Path) -> None:
    data = from_tables(
        pa.table({"item_id": ["a;b"]}),
        pa.table({"outfit_id": ["o"], "item_ids": [["a;b"]]}),
        {"train": pa.table({"user_id": ["u"], "outfit_id": ["o"]})},
    )
    with pytest.raises(DataError, match="'a;b'"):
        write_csv(data, tmp_path)


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(make(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_csv(make(categories=["x"] * 5), tmp_path)
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir()}
