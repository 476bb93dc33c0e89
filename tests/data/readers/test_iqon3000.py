"""IQON3000's tree."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from published import TOP, iqon3000

from fndrec.data import read_iqon3000
from fndrec.errors import DataError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return iqon3000(tmp_path / "IQON3000")


def edit(path: Path, **values: Any) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**found, **values}), encoding="utf-8")


def items_of(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return list(found["items"])


def test_tree(tree: Path) -> None:
    data = read_iqon3000(tree, valid=0.34, test=0)
    assert data.items.to_list() == ["1", "2", "3", "5", "4"]
    assert data.categories is not None
    assert data.item_category is not None
    kinds = data.categories.take(data.item_category)
    assert kinds[0] == kinds[3] == TOP
    assert data.users.to_list() == ["11", "12"]
    assert data.outfits.to_list() == ["100", "101", "102", "200", "201", "202"]
    assert data.outfit_item_ids(1) == ["5", "2", "3", "4"]
    # A third of three outfits, rounded down.
    assert {s: len(likes) for s, likes in data.splits.items()} == {
        "train": 4,
        "valid": 2,
    }
    assert data.photos is not None
    assert data.photos.to_pylist()[3:] == ["11/101/5_m.jpg", "11/101/4_m.jpg"]
    assert data.with_photos(8).store is not None


def test_other_encodings(tree: Path) -> None:
    plain = read_iqon3000(tree)
    for path in tree.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        path.write_bytes(text.encode("cp932"))
    assert read_iqon3000(tree).categories == plain.categories
    for path in tree.rglob("*.json"):
        edit_ascii = json.dumps(json.loads(path.read_bytes().decode("cp932")))
        path.write_text(edit_ascii)
    assert read_iqon3000(tree).categories == plain.categories


def test_without_photos_and_with_some(tree: Path) -> None:
    # Item 2 has a photo in another outfit too, item 5 in a larger size.
    (tree / "11" / "100" / "2_m.jpg").unlink()
    for path in list(tree.rglob("5_m.jpg")):
        path.rename(path.with_name("5_l.jpg"))
    data = read_iqon3000(tree)
    assert data.photos is not None
    assert data.photos.to_pylist()[1] == "11/101/2_m.jpg"
    assert data.photos.to_pylist()[3] == "11/101/5_l.jpg"
    for path in list(tree.rglob("4_m.jpg")):
        path.unlink()
    with pytest.raises(DataError, match=r"\.json: `image`.*4_m.jpg"):
        read_iqon3000(tree)
    assert read_iqon3000(tree, "drop", valid=0, test=0).num_outfits == 3
    for path in list(tree.rglob("*.jpg")):
        path.unlink()
    assert read_iqon3000(tree).photos is None


def test_an_item_without_category(tree: Path) -> None:
    path = tree / "11" / "100" / "100.json"
    items = items_of(path)
    del items[0]["category x color"]
    edit(path, items=items)
    data = read_iqon3000(tree)
    assert data.categories is not None
    assert "unknown" in data.categories


def test_a_missing_file(tree: Path) -> None:
    path = tree / "11" / "101" / "101.json"
    path.unlink()
    with pytest.raises(DataError) as caught:
        read_iqon3000(tree)
    assert f"{path}: a file was expected" in str(caught.value)
    assert read_iqon3000(tree, "drop").num_outfits == 5


def test_no_tree(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folders USER/OUTFIT"):
        read_iqon3000(tmp_path)


# What is written to 11/101/101.json, what the message has.
BAD: dict[str, tuple[dict[str, Any] | str, str]] = {
    "swapped": ({"user": "101", "setId": "11"}, "`user` should be '11'"),
    "another set": ({"setId": "999"}, "`setId` should be '101'.*999"),
    "no items": ({"items": None}, "a list `items`"),
    "empty": ("", "a JSON file was expected"),
    "an empty object": ("{}", r"Received: keys \[\]"),
    "cut": ('{"setId": "101", ', "a JSON file was expected"),
    "a list": ("[1]", "an object with setId"),
    "no id": ({"items": [{"itemName": "x"}]}, "item 1: an object with `itemId"),
    "a number": ({"items": [7]}, "item 1: an object with `itemId`"),
    "nothing in it": ({"items": []}, "`item_ids` should name at least one"),
    "too long": (
        {"items": [{"itemId": str(i)} for i in range(9)]},
        "at most 8 items",
    ),
    "an item twice": (
        {"items": [{"itemId": 1}, {"itemId": "1"}]},
        "each item once.*'1'",
    ),
}


@pytest.mark.parametrize(("new", "named"), BAD.values(), ids=BAD)
def test_bad_outfit(
    tree: Path,
    caplog: pytest.LogCaptureFixture,
    new: dict[str, Any] | str,
    named: str,
) -> None:
    shutil.rmtree(tree / "12" / "200")
    for path in tree.rglob("*.jpg"):
        path.unlink()
    path = tree / "11" / "101" / "101.json"
    if isinstance(new, str):
        path.write_text(new)
    else:
        edit(path, **new)
    with pytest.raises(DataError, match=named) as caught:
        read_iqon3000(tree)
    assert str(path) in str(caught.value)
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        data = read_iqon3000(tree, "drop", valid=0, test=0)
    assert data.num_outfits == 4
    assert str(path) in caplog.text


def test_deep_nesting(tree: Path) -> None:
    path = tree / "11" / "101" / "101.json"
    path.write_text("[" * 100_000)
    with pytest.raises(DataError, match="a JSON file was expected"):
        read_iqon3000(tree)


def test_links_are_not_followed(tree: Path, tmp_path: Path) -> None:
    (tree / "12").rename(tmp_path / "elsewhere")
    (tree / "12").symlink_to(tmp_path / "elsewhere")
    assert read_iqon3000(tree).users.to_list() == ["11"]
