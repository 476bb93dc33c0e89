"""The layout of DiFashion."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published import difashion, difashion_photos, save_pickled

from fndrec.data import OutfitData, read_difashion, read_fixed
from fndrec.errors import DataError


def load(path: Path) -> Any:
    return np.load(path, allow_pickle=True).item()


@pytest.mark.parametrize("nested", [False, True])
def test_files(tmp_path: Path, nested: bool) -> None:
    folder = difashion(tmp_path / "polyvore", nested)
    data = read_difashion(folder, allow_pickle=True)
    assert data.items.to_list() == [str(item) for item in range(1, 11)]
    assert data.categories is not None
    assert data.item_category is not None
    assert data.categories.take(data.item_category)[:5] == [
        "top",
        "skirt",
        "bag",
        "women's shoe",
        "top",
    ]
    assert data.outfits.to_list() == ["70", "71", "72", "73"]
    assert data.outfit_item_ids(1) == ["5", "2", "6", "4"]
    train = data.likes("train")
    assert data.users.take(train.user) == ["7", "7", "8"]
    assert data.outfits.take(train.outfit) == ["70", "71", "70"]
    assert len(data.likes("valid")) == len(data.likes("test")) == 1


def test_refused_without_the_users_word(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    folder = difashion(tmp_path / "polyvore")
    save_pickled(folder / "train.npy", Trap())
    with pytest.raises(DataError) as caught:
        read_difashion(folder)
    for part in ["train.npy", "can run any code", "allow_pickle=True"]:
        assert part in str(caught.value)
    # Even with it, nothing is run.
    with pytest.raises(DataError, match=r"train.npy: .*pathlib"):
        read_difashion(folder, allow_pickle=True)
    assert not (tmp_path / "sprung").exists()


def test_photos_and_features(tmp_path: Path) -> None:
    folder = difashion(tmp_path / "polyvore")
    photos = difashion_photos(folder)
    np.save(folder / "cnn_features_clip.npy", np.arange(22.0).reshape(11, 2))
    data = read_difashion(folder, allow_pickle=True, photos=photos)
    assert data.photos is not None
    assert data.photos.to_pylist()[:2] == ["top/1.png", "top/2.png"]
    assert data.features is not None
    assert data.features[0].tolist() == [2, 3]
    assert data.with_photos(8).store is not None
    (photos / "top" / "3.png").unlink()
    with pytest.raises(DataError, match=r"item 3: `image`.*top/3.png"):
        read_difashion(folder, allow_pickle=True, photos=photos)


@pytest.mark.parametrize("name", ["train.npy", "all_item_image_paths.npy"])
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    folder = difashion(tmp_path / "polyvore")
    photos = difashion_photos(folder)
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        read_difashion(folder, allow_pickle=True, photos=photos)
    assert f"{folder / name}: a file was expected" in str(caught.value)


def edited(path: Path, **columns: Any) -> None:
    save_pickled(path, {**load(path), **columns})


def test_swapped_columns(tmp_path: Path) -> None:
    folder = difashion(tmp_path / "polyvore")
    table = load(folder / "train.npy")
    edited(folder / "train.npy", uids=table["outfits"], outfits=table["uids"])
    with pytest.raises(DataError, match=r"train.npy, row 1: .*uids.*integer"):
        read_difashion(folder, allow_pickle=True)
    edited(
        folder / "train.npy",
        uids=table["uids"],
        outfits=table["category"],
        category=table["outfits"],
    )
    with pytest.raises(DataError, match=r"id_cate_dict.npy: a name of categ"):
        read_difashion(folder, allow_pickle=True)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("item", "named"),
    [
        (0, r"row 2: `item_ids` .*'0'"),
        (11, r"train.npy, row 2: `outfits` .*1 to 10.*cnn_feat.*Received: 11"),
        (-3, r"train.npy, row 2: `outfits` .*integer.*'-3'"),
        (1.5, r"train.npy, row 2: `outfits` .*'1.5'"),
        (2, r"train.npy, row 2: .*once.*'2'"),
    ],
)
def test_an_item_out_of_range(
    tmp_path: Path, nested: bool, item: Any, named: str
) -> None:
    folder = difashion(tmp_path / "polyvore", nested)
    np.save(folder / "cnn_features_clip.npy", np.ones((11, 2)))
    outfits = load(folder / "train.npy")["outfits"]
    (outfits[0][1] if nested else outfits[1])[0] = item
    edited(folder / "train.npy", outfits=outfits)
    with pytest.raises(DataError, match=named):
        read_difashion(folder, allow_pickle=True)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ([1, 2], "Received: list"),
        ({"uids": []}, r"Received: keys \['uids'\]"),
        ({"uids": [1], "oids": [], "outfits": [], "category": []}, "length"),
        (
            {"uids": [1], "oids": [[2]], "outfits": [[]], "category": [[]]},
            "user 1: as many outfits",
        ),
        (
            {"uids": [1], "oids": [2], "outfits": [[3]], "category": [[]]},
            "1 items, 0 categories",
        ),
        ({"uids": 3, "oids": 3, "outfits": 3, "category": 3}, "a list"),
    ],
)
def test_another_form(tmp_path: Path, value: Any, named: str) -> None:
    folder = difashion(tmp_path / "polyvore")
    array = np.empty((), object)
    array[()] = value
    np.save(folder / "train.npy", array)
    with pytest.raises(DataError, match=named) as caught:
        read_difashion(folder, allow_pickle=True)
    assert "train.npy" in str(caught.value)


@pytest.mark.parametrize("contents", [b"", b"\x93NUMPY", b"no", b"\x80\x04."])
def test_what_is_no_npy(tmp_path: Path, contents: bytes) -> None:
    folder = difashion(tmp_path / "polyvore")
    (folder / "train.npy").write_bytes(contents)
    with pytest.raises(DataError, match=r"train.npy: a .npy file"):
        read_difashion(folder, allow_pickle=True)


def test_pickles_of_every_protocol(tmp_path: Path) -> None:
    folder = difashion(tmp_path / "polyvore")
    path = folder / "train.npy"
    table = load(path)
    header = path.read_bytes()[:128]
    for protocol in range(2, 6):
        array = np.array({**table, "uids": np.array(table["uids"])}, object)
        path.write_bytes(header + pickle.dumps(array, protocol))
        assert read_difashion(folder, allow_pickle=True).num_outfits == 4


def ids(data: OutfitData, outfits: np.ndarray) -> list[list[str]]:
    return [data.items.take(outfit) for outfit in outfits]


def test_fixed_candidates(tmp_path: Path) -> None:
    folder = difashion(tmp_path / "polyvore")
    data = read_difashion(folder, allow_pickle=True)
    with pytest.raises(DataError, match="allow_pickle=True"):
        read_fixed(folder, data)
    fixed = read_fixed(folder, data, allow_pickle=True)
    assert list(fixed) == ["fitb_valid", "fitb_test"]
    valid = fixed["fitb_valid"]
    assert data.users.take(valid.user) == ["7"]
    assert ids(data, valid.outfits[0]) == [
        ["5", "8", "3", "4"],
        ["5", "2", "3", "4"],
        ["5", "6", "3", "4"],
        ["5", "10", "3", "4"],
        ["5", "1", "3", "4"],
    ]
    assert ids(data, fixed["fitb_test"].outfits[0])[4] == ["1", "8", "6", "3"]


@pytest.mark.parametrize(
    ("candidates", "named"),
    [
        ({7: {72: [2, 8, 6, 10, 1]}}, "user 7, outfit 72: .*begin.*=2"),
        ({7: {70: [8, 2, 6, 10, 1]}}, "user 7, outfit 70: .*valid_grd_dict"),
        ({7: {72: [8, 2, 6, 10, 11]}}, "user 7, outfit 72: `items`.*'11'"),
        ({9: {72: [8, 2, 6, 10, 1]}}, "user 9, outfit 72: `user`.*'9'"),
        ({7: {72: [8]}}, "user 7, outfit 72: .*should be 2"),
        ({7: [72]}, "user 7: outfits with their candidates"),
        ({"a": {72: [8, 2, 6, 10, 1]}}, "a key should be an integer"),
    ],
)
def test_bad_candidates(tmp_path: Path, candidates: Any, named: str) -> None:
    folder = difashion(tmp_path / "polyvore")
    data = read_difashion(folder, allow_pickle=True)
    path = folder / "fitb_valid_retrieval_candidates.npy"
    save_pickled(path, candidates)
    with pytest.raises(DataError, match=named) as caught:
        read_fixed(folder, data, allow_pickle=True)
    assert path.name in str(caught.value)
