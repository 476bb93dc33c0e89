"""Polyvore-U in the layout of Fashion-Hash-Net."""

import logging
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published import (
    polyvore_u,
    polyvore_u_names,
    polyvore_u_photos,
    write_lmdb,
)

from fndrec.data import OutfitData, read_fixed, read_polyvore_u
from fndrec.errors import DataError


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_fixed_length(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    data = read_polyvore_u(tmp_path)
    assert data.name == "tuples_630"
    assert data.num_items == 15
    assert data.items.to_list()[5:7] == ["top_5", "bottom_0"]
    assert data.categories is not None
    assert data.categories.to_list() == ["bottom", "shoe", "top"]
    # Two users like the same outfit: it is one.
    assert data.num_outfits == 7
    train = data.likes("train")
    assert data.users.take(train.user) == ["0", "0", "1", "2"]
    assert data.outfits.take(train.outfit) == [
        "0_0_0",
        "1_1_1",
        "2_2_2",
        "0_0_0",
    ]
    for outfit in range(data.num_outfits):
        top, bottom, shoe = data.outfits[outfit].split("_")
        assert data.outfit_item_ids(outfit) == [
            f"top_{top}",
            f"bottom_{bottom}",
            f"shoe_{shoe}",
        ]
    assert {name: len(likes) for name, likes in data.splits.items()} == {
        "train": 4,
        "valid": 2,
        "test": 2,
    }


def test_no_second_top(tmp_path: Path) -> None:
    polyvore_u(tmp_path, "519")
    data = read_polyvore_u(tmp_path, variant=519)
    valid = data.likes("valid")
    assert data.outfits.take(valid.outfit) == ["3_2_3", "4_0_3_4"]
    assert data.outfit_item_ids(int(valid.outfit[0])) == [
        "top_3",
        "bottom_2",
        "shoe_3",
    ]
    assert data.outfit_items[valid.outfit[0], 3] == -1


def test_of_several_folders_one_is_named(tmp_path: Path) -> None:
    polyvore_u(tmp_path, "630")
    polyvore_u(tmp_path, "519")
    with pytest.raises(DataError, match=r"`variant`.*'519', '630'"):
        read_polyvore_u(tmp_path)
    assert read_polyvore_u(tmp_path, variant="630").num_slots == 3
    assert read_polyvore_u(tmp_path / "tuples_519").num_slots == 4
    with pytest.raises(DataError, match="tuples_32"):
        read_polyvore_u(tmp_path, variant="32")


def test_photos_of_a_folder_and_of_an_lmdb_are_the_same(
    tmp_path: Path,
) -> None:
    polyvore_u(tmp_path)
    photos = polyvore_u_photos(tmp_path)
    of_folder = read_polyvore_u(tmp_path)
    assert of_folder.photo_root == photos
    lmdb = write_lmdb(
        tmp_path / "images" / "lmdb",
        {name: (photos / name).read_bytes() for name in polyvore_u_names()},
    )
    photos.rename(tmp_path / "elsewhere")
    of_lmdb = read_polyvore_u(tmp_path)
    assert of_lmdb.photo_root == lmdb
    cache = tmp_path / "cache"
    one = of_lmdb.with_photos(8, cache_dir=cache).store
    (tmp_path / "elsewhere").rename(photos)
    other = of_folder.with_photos(8).store
    assert one is not None
    assert other is not None
    rows = np.arange(len(one))
    np.testing.assert_array_equal(one.gather(rows), other.gather(rows))


def test_a_photo_that_the_lmdb_lacks(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    photos = polyvore_u_photos(tmp_path)
    lmdb = write_lmdb(
        tmp_path / "photos",
        {name: (photos / name).read_bytes() for name in polyvore_u_names()[1:]},
    )
    with pytest.raises(DataError, match=r"image_list_top, line 1: .*top00"):
        read_polyvore_u(tmp_path, photos=lmdb)
    # All but its outfits are read, and a bad photo is found when decoded.
    data = read_polyvore_u(tmp_path, on_error="drop", photos=lmdb)
    assert data.num_items == 14
    assert len(data.likes("train")) == 2


def test_a_bad_photo_in_an_lmdb(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    photos = polyvore_u_photos(tmp_path)
    values = {name: (photos / name).read_bytes() for name in polyvore_u_names()}
    lmdb = write_lmdb(tmp_path / "photos", values | {"shoe04.jpg": b"no"})
    data = read_polyvore_u(tmp_path, photos=lmdb)
    with pytest.raises(DataError, match=r"shoe04.jpg: not a readable.*2 byt"):
        data.with_photos(8)
    assert data.with_photos(8, on_error="drop").num_items == 14


def test_an_lmdb_that_changes_makes_a_new_store(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    photos = polyvore_u_photos(tmp_path)
    files = {name: (photos / name).read_bytes() for name in polyvore_u_names()}
    lmdb = write_lmdb(tmp_path / "photos", files)
    data = read_polyvore_u(tmp_path, photos=lmdb)
    cache = tmp_path / "cache"
    before = data.with_photos(8, cache_dir=cache).store
    assert before is not None
    again = data.with_photos(8, cache_dir=cache).store
    assert again is not None
    assert again.path == before.path
    pixels = before.gather(np.arange(len(before)))
    (lmdb / "data.mdb").unlink()
    lmdb.rename(tmp_path / "old")
    write_lmdb(lmdb, files | {"top00.jpg": files["top01.jpg"]})
    after = data.with_photos(8, cache_dir=cache).store
    assert after is not None
    rows = np.arange(len(after))
    np.testing.assert_array_equal(
        after.gather(rows), pixels[np.maximum(rows, 1)]
    )


def features(names: list[str]) -> dict[str, bytes]:
    return {
        name: np.array([row, 0.5, -1], "<f4").tobytes()
        for row, name in enumerate(names)
    }


def test_features_of_an_lmdb(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    write_lmdb(tmp_path / "features" / "resnet34", features(polyvore_u_names()))
    data = read_polyvore_u(tmp_path)
    assert data.features is not None
    assert data.features.shape == (15, 3)
    assert data.features[:, 0].tolist() == list(range(15))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, r"'bottom00.jpg' \(.*image_list_bottom, line 1\)"),
        (b"", "0 bytes"),
        (b"12345", "5 bytes"),
        (np.zeros(2, "<f4").tobytes(), "vector of 3 .*8 bytes"),
        (pickle.dumps(np.zeros(3, "f4")), "pickle, which is refused"),
        (np.array([0, np.nan, 0], "<f4").tobytes(), "row 7: `feature`.*nan"),
    ],
    ids=["none", "empty", "odd", "short", "pickle", "nan"],
)
def test_bad_features(tmp_path: Path, value: bytes | None, named: str) -> None:
    polyvore_u(tmp_path)
    values = features(polyvore_u_names())
    del values["bottom00.jpg"]
    if value is not None:
        values["bottom00.jpg"] = value
    lmdb = write_lmdb(tmp_path / "resnet34", values)
    with pytest.raises(DataError, match=named):
        read_polyvore_u(tmp_path, features=lmdb)


def test_a_pickle_in_an_lmdb_is_not_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    polyvore_u(tmp_path)
    trap = dict.fromkeys(polyvore_u_names(), pickle.dumps(Trap()))
    lmdb = write_lmdb(tmp_path / "resnet34", trap)
    with pytest.raises(DataError, match="can run any code"):
        read_polyvore_u(tmp_path, features=lmdb)
    with pytest.raises(DataError, match="not a readable"):
        read_polyvore_u(tmp_path, photos=lmdb).with_photos(8)
    assert not (tmp_path / "sprung").exists()


def test_what_is_no_lmdb(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    with pytest.raises(DataError, match=r"a file data.mdb was expected"):
        read_polyvore_u(tmp_path, features=tmp_path)
    (tmp_path / "data.mdb").write_bytes(bytes(9000))
    with pytest.raises(DataError, match=r"data.mdb: an LMDB was expected"):
        read_polyvore_u(tmp_path, features=tmp_path)


def test_without_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    polyvore_u(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"fndrec\[lmdb\]"):
        read_polyvore_u(tmp_path, features=tmp_path)


FILES = [
    "image_list_top",
    "image_list_bottom",
    "image_list_shoe",
    "tuples_train_posi",
]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    folder = polyvore_u(tmp_path)
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        read_polyvore_u(folder if name != "tuples_train_posi" else tmp_path)
    assert str(folder / name) in str(caught.value)
    assert "a file was expected" in str(caught.value)


# file, what is replaced by what, what the message has.
BAD = {
    "swapped": (
        "tuples_train_posi",
        "top,bottom",
        "bottom,top",
        ["tuples_train_posi: the header `user,top,bottom,shoe`", "bottom,top"],
    ),
    "no user": ("tuples_val_posi", "user,", "", ["tuples_val_posi", "header"]),
    "top range": (
        "tuples_train_posi",
        "1,2,2,2",
        "1,6,2,2",
        ["tuples_train_posi, row 3: `top`", "image_list_top, 0 to 5", "top=6"],
    ),
    "bottom range": (
        "tuples_test_posi",
        "0,5,0,1",
        "0,5,4,1",
        ["tuples_test_posi, row 1: `bottom`", "0 to 3", "bottom=4"],
    ),
    "shoe below": (
        "tuples_train_posi",
        "2,0,0,0",
        "2,0,0,-1",
        ["row 4: `shoe`", "0 to 4.", "shoe=-1"],
    ),
    "user below": (
        "tuples_train_posi",
        "2,0,0,0",
        "-2,0,0,0",
        ["row 4: `user`", "user=-2"],
    ),
    "a word": (
        "tuples_train_posi",
        "1,2,2,2",
        "1,2,two,2",
        ["row 3: `bottom`", "integer", "'two'"],
    ),
    "a field more": (
        "tuples_train_posi",
        "1,2,2,2",
        "1,2,2,2,2",
        ["row 3: 4 fields"],
    ),
    "a table as image list": (
        "image_list_shoe",
        "shoe01.jpg",
        "1,shoe01.jpg",
        ["image_list_shoe, line 2", "'1,shoe01.jpg'"],
    ),
    "an empty name": (
        "image_list_shoe",
        "shoe01.jpg",
        "",
        ["image_list_shoe, line 2"],
    ),
}


@pytest.mark.parametrize(("name", "old", "new", "named"), BAD.values(), ids=BAD)
def test_bad_file(
    tmp_path: Path, name: str, old: str, new: str, named: list[str]
) -> None:
    folder = polyvore_u(tmp_path)
    change(folder / name, old, new)
    with pytest.raises(DataError) as caught:
        read_polyvore_u(tmp_path)
    for part in named:
        assert part in str(caught.value)


def test_the_first_top_must_be_there(tmp_path: Path) -> None:
    folder = polyvore_u(tmp_path, "32")
    change(folder / "tuples_train_posi", "0,1,-1,1,1", "0,-1,1,1,1")
    with pytest.raises(DataError, match=r"row 2: `top` .*top=-1"):
        read_polyvore_u(tmp_path)


def test_the_same_top_twice(tmp_path: Path) -> None:
    folder = polyvore_u(tmp_path, "32")
    change(folder / "tuples_val_posi", "1,4,0,3,4", "1,4,4,3,4")
    with pytest.raises(
        DataError, match=r"tuples_val_posi, row 2: .*once.*top_4"
    ):
        read_polyvore_u(tmp_path)
    data = read_polyvore_u(tmp_path, on_error="drop")
    assert len(data.likes("valid")) == 1


def test_drop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = polyvore_u(tmp_path)
    change(folder / "tuples_train_posi", "1,2,2,2", "1,6,2,2")
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        data = read_polyvore_u(tmp_path, on_error="drop")
    assert "tuples_train_posi: dropped 1 of 4 rows" in caplog.text
    assert len(data.likes("train")) == 3


def test_photo_paths_stay_inside(tmp_path: Path) -> None:
    folder = polyvore_u(tmp_path / "set")
    polyvore_u_photos(tmp_path / "set")
    (tmp_path / "secret.jpg").touch()
    change(folder / "image_list_top", "top03.jpg", "../../../secret.jpg")
    with pytest.raises(DataError, match=r"image_list_top, line 4: .*stays in"):
        read_polyvore_u(tmp_path / "set")


def ids(data: OutfitData, outfits: np.ndarray) -> list[list[str]]:
    return [data.items.take(o[o >= 0]) for o in outfits]


def test_fixed_candidates(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    data = read_polyvore_u(tmp_path)
    fixed = read_fixed(tmp_path, data)
    assert list(fixed) == [
        *("negatives_train", "hard_train", "negatives_valid", "hard_valid"),
        *("negatives_test", "hard_test", "fitb_test"),
    ]
    test = fixed["negatives_test"]
    assert test.kind == "negatives"
    assert test.outfits.dtype == np.int32
    assert data.users.take(test.user) == ["0", "2"]
    assert ids(data, test.outfits[1]) == [
        ["top_1", "bottom_2", "shoe_3"],
        ["top_3", "bottom_3", "shoe_1"],
        ["top_2", "bottom_0", "shoe_3"],
    ]
    assert ids(data, fixed["hard_test"].outfits[0]) == [
        ["top_5", "bottom_0", "shoe_1"],
        ["top_1", "bottom_2", "shoe_3"],
    ]
    blanks = fixed["fitb_test"]
    assert blanks.kind == "blanks"
    assert blanks.outfits.shape == (2, 4, 3)
    assert ids(data, blanks.outfits[1])[3] == ["top_1", "bottom_2", "shoe_4"]


def test_fixed_candidates_without_second_top(tmp_path: Path) -> None:
    polyvore_u(tmp_path, "519")
    data = read_polyvore_u(tmp_path)
    fixed = read_fixed(tmp_path, data)
    outfits = fixed["fitb_test"].outfits
    assert outfits.shape == (2, 4, 4)
    # The gap in the middle has become padding at the end.
    assert ids(data, outfits[0])[1] == ["top_5", "bottom_1", "shoe_1"]
    assert outfits[0, :, 3].tolist() == [-1] * 4


def test_negatives_that_come_in_another_order_of_users(tmp_path: Path) -> None:
    folder = polyvore_u(tmp_path)
    data = read_polyvore_u(tmp_path)
    before = read_fixed(tmp_path, data)["negatives_test"]
    path = folder / "tuples_test_nega"
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, *lines[2:], *lines[:2]]) + "\n")
    after = read_fixed(tmp_path, data)["negatives_test"]
    np.testing.assert_array_equal(after.outfits, before.outfits)
    np.testing.assert_array_equal(after.user, before.user)


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("tuples_test_nega", "2,3,3,1\n", "", "4? ?whole number of rows"),
        ("tuples_test_nega", "2,3,3,1", "0,3,3,1", "4 of user 0|2 of user 0"),
        ("tuples_test_nega", "2,3,3,1", "2,3,3,9", "row 3: `shoe`.*shoe=9"),
        ("tuples_test_nega", "top,bottom", "bottom,top", "the header"),
        ("fill_in_blank_test", "2,1,2,0", "0,1,2,0", "row 2: `user`.*same"),
        ("fill_in_blank_test", "2,1,2,0", "2,1,2,5", "row 2: `shoe`.*shoe=5"),
        ("fill_in_blank_test", "shoe,user", "user,shoe", "repeated"),
    ],
)
def test_bad_fixed_candidates(
    tmp_path: Path, name: str, old: str, new: str, named: str
) -> None:
    folder = polyvore_u(tmp_path)
    data = read_polyvore_u(tmp_path)
    change(folder / name, old, new)
    with pytest.raises(DataError, match=named) as caught:
        read_fixed(tmp_path, data)
    assert name in str(caught.value)


def test_fixed_candidates_of_items_that_were_dropped(tmp_path: Path) -> None:
    polyvore_u(tmp_path)
    photos = polyvore_u_photos(tmp_path)
    (photos / "shoe04.jpg").unlink()
    data = read_polyvore_u(tmp_path, on_error="drop")
    with pytest.raises(
        DataError, match=r"negatives of tuples_val_posi, row 2: .*'shoe_4'"
    ):
        read_fixed(tmp_path, data)
    fixed = read_fixed(tmp_path, data, on_error="drop")
    assert len(fixed["fitb_test"]) == 1
