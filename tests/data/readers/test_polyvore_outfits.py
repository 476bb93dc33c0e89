"""Polyvore Outfits of Vasileva et al."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published import polyvore_outfits

from fndrec.data import OutfitData, read_fixed, read_polyvore_outfits
from fndrec.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return polyvore_outfits(tmp_path / "polyvore_outfits")


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def ids(data: OutfitData, outfits: np.ndarray) -> list[list[str]]:
    return [data.items.take(outfit[outfit >= 0]) for outfit in outfits]


def test_files(folder: Path) -> None:
    data = read_polyvore_outfits(folder)
    assert data.users.to_list() == ["anonymous"]
    assert data.outfits.to_list() == ["100", "101", "200", "201", "300", "301"]
    assert data.outfit_item_ids(2) == ["6", "2", "8"]
    # Item 10 is in no outfit.
    assert sorted(data.items) == [str(item) for item in range(1, 10)]
    assert data.categories is not None
    assert data.item_category is not None
    kind = dict(
        zip(data.items, data.categories.take(data.item_category), strict=True)
    )
    assert (kind["1"], kind["5"], kind["9"]) == ("tops", "bottoms", "shoes")
    assert [len(likes) for likes in data.splits.values()] == [2, 2, 2]
    assert data.photos is None


def test_variants(tmp_path: Path) -> None:
    polyvore_outfits(tmp_path, variant="disjoint")
    data = read_polyvore_outfits(tmp_path, variant="disjoint")
    assert data.name == "disjoint"
    same = read_polyvore_outfits(tmp_path / "disjoint")
    assert same.outfits == data.outfits
    with pytest.raises(DataError, match="nondisjoint"):
        read_polyvore_outfits(tmp_path)
    with pytest.raises(DataError, match="variant='joint'"):
        read_polyvore_outfits(tmp_path, variant="joint")


def test_splits(folder: Path) -> None:
    data = read_polyvore_outfits(folder, splits=["train", "test"])
    assert list(data.splits) == ["train", "test"]
    assert data.num_outfits == 4
    with pytest.raises(DataError, match="late"):
        read_polyvore_outfits(folder, splits=["train", "late"])


def test_photos(tmp_path: Path) -> None:
    folder = polyvore_outfits(tmp_path / "polyvore_outfits", photos=True)
    data = read_polyvore_outfits(folder)
    assert data.photo_root == folder / "images"
    assert data.with_photos(8).store is not None
    (folder / "images" / "6.jpg").unlink()
    with pytest.raises(DataError, match=r"valid.json, row 1: `image`.*6.jpg"):
        read_polyvore_outfits(folder)
    assert read_polyvore_outfits(folder, "drop").num_items == 8


def test_photo_paths_stay_inside(tmp_path: Path) -> None:
    folder = polyvore_outfits(tmp_path / "polyvore_outfits", photos=True)
    (tmp_path / "secret.jpg").touch()
    table = load(folder / "nondisjoint" / "train.json")
    table[0]["items"][0]["item_id"] = "../../secret"
    (folder / "nondisjoint" / "train.json").write_text(json.dumps(table))
    metadata = load(folder / "polyvore_item_metadata.json")
    metadata["../../secret"] = {"semantic_category": "tops"}
    (folder / "polyvore_item_metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(DataError, match=r"train.json, row 1: .*stays in"):
        read_polyvore_outfits(folder)


def test_the_longest_outfits(folder: Path) -> None:
    with pytest.raises(DataError, match=r"train.json, row 1: .*at most 2"):
        read_polyvore_outfits(folder, max_slots=2)


@pytest.mark.parametrize(
    "name", ["nondisjoint/train.json", "polyvore_item_metadata.json"]
)
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        read_polyvore_outfits(folder)
    assert f"{folder / name}: a file was expected" in str(caught.value)


# What entry 1 of train.json becomes, what the message has.
BAD: dict[str, tuple[Any, str]] = {
    "swapped": ({"set_id": [], "items": "101"}, "row 2: .*`set_id` and a list"),
    "swapped in an item": (
        {"set_id": "101", "items": [{"item_id": [], "index": "4"}]},
        "row 2: objects with `item_id` and `index`",
    ),
    "an item out of range": (
        {"set_id": "101", "items": [{"item_id": "99", "index": 1}]},
        "row 2: .*semantic_category.*item_id='99'",
    ),
    "an item twice": (
        {"set_id": "101", "items": [{"item_id": "5", "index": 1}] * 2},
        "row 2: .*once.*'5'",
    ),
    "the set twice": (
        {"set_id": "100", "items": [{"item_id": "5", "index": 1}]},
        "row 2: `outfit_id` should not be repeated",
    ),
    "nothing in it": ({"set_id": "101", "items": []}, "row 2: .*at least one"),
    "a word": ("101", "row 2: an object"),
}


@pytest.mark.parametrize(("entry", "named"), BAD.values(), ids=BAD)
def test_bad_outfit(folder: Path, entry: Any, named: str) -> None:
    path = folder / "nondisjoint" / "train.json"
    table = load(path)
    table[1] = entry
    path.write_text(json.dumps(table))
    with pytest.raises(DataError, match=named) as caught:
        read_polyvore_outfits(folder)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "[", "{}", "3", "\xff"])
def test_another_form(folder: Path, text: str) -> None:
    path = folder / "nondisjoint" / "train.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"train.json: a (JSON|list)"):
        read_polyvore_outfits(folder)
    path = folder / "polyvore_item_metadata.json"
    path.write_text("[]")
    with pytest.raises(DataError):
        read_polyvore_outfits(folder)


def test_fixed_candidates(folder: Path) -> None:
    data = read_polyvore_outfits(folder)
    fixed = read_fixed(folder, data)
    assert sorted(fixed) == sorted(
        f"{kind}_{split}"
        for kind in ("negatives", "fitb")
        for split in ("train", "valid", "test")
    )
    test = fixed["negatives_test"]
    assert ids(data, test.outfits[0]) == [["1", "5", "9"], ["1", "5", "7"]]
    assert ids(data, test.outfits[1]) == [["7", "2"], ["7", "1"]]
    blanks = fixed["fitb_test"].outfits
    # The true answer, second in the file, comes first.
    assert ids(data, blanks[0]) == [
        ["1", "5", "9"],
        ["1", "2", "9"],
        ["1", "7", "9"],
        ["1", "1", "9"],
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("compatibility_test.txt", "1 300_1", "2 300_1", "line 1: 1 or 0"),
        ("compatibility_test.txt", "1 300_1", "300_1 1", "line 1: 1 or 0"),
        ("compatibility_test.txt", "300_2", "300_9", "line 1: .*'300_9'"),
        (
            "compatibility_test.txt",
            "0 301_1",
            "1 301_1",
            "3 lines with .* and 1 with",
        ),
        ("fill_in_blank_test.json", "301_2", "301_9", "row 1: .*'301_9'"),
        ("fill_in_blank_test.json", "300_2", "301_2", "one of them of set 300"),
        ("fill_in_blank_test.json", ": 2", ": 4", "blank_position"),
        ("fill_in_blank_test.json", "answers", "answer", "row 1: .*answers"),
    ],
)
def test_bad_fixed_candidates(
    folder: Path, name: str, old: str, new: str, named: str
) -> None:
    data = read_polyvore_outfits(folder)
    path = folder / "nondisjoint" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=named) as caught:
        read_fixed(folder, data)
    assert str(path) in str(caught.value)
