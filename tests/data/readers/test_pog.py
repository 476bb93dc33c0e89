"""POG's three files."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from published import pog

from fndrec.data import OutfitData, read_fixed, read_pog
from fndrec.data.readers.formats import line_stream
from fndrec.data.readers.formats.growing_ids import GrowingIds
from fndrec.data.readers.formats.split_likes import split_likes
from fndrec.errors import DataError


def pairs(data: OutfitData, split: str = "train") -> list[tuple[str, str]]:
    likes = data.likes(split)
    return list(
        zip(
            data.users.take(likes.user),
            data.outfits.take(likes.outfit),
            strict=True,
        )
    )


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_files(tmp_path: Path) -> None:
    data = read_pog(pog(tmp_path / "pog"), valid=0, test=0)
    assert data.name == "pog"
    # Not the item that is only clicked on.
    assert data.items.to_list() == ["i1", "i2", "i3", "i4"]
    assert data.categories is not None
    assert data.item_category is not None
    assert data.categories.take(data.item_category) == ["c1", "c2", "c1", "c3"]
    assert data.outfit_item_ids(2) == ["i1", "i3", "i2", "i4"]
    assert data.outfit_item_ids(1) == ["i3", "i2"]
    # The second click of u1 on o1 is the same like.
    assert pairs(data) == [
        ("u1", "o1"),
        ("u1", "o2"),
        ("u2", "o3"),
        ("u2", "o1"),
    ]
    assert list(data.splits) == ["train"]
    assert read_fixed(tmp_path / "pog", data) == {}


def test_blocks_make_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pog(tmp_path / "pog")
    rng = np.random.default_rng(0)
    with (folder / "user_data.txt").open("a") as file:
        for _ in range(500):
            user, outfit = rng.integers(0, 40), rng.integers(1, 4)
            file.write(f"v{user},i1;i2;unused,o{outfit}\n")
    whole = read_pog(folder, valid=0.34, test=0.34)
    monkeypatch.setattr(line_stream, "BLOCK", 128)
    small = read_pog(folder, valid=0.34, test=0.34)
    for split in ("train", "valid", "test"):
        assert pairs(small, split) == pairs(whole, split)
    assert small.items == whole.items


def test_min_likes(tmp_path: Path) -> None:
    folder = pog(tmp_path / "pog")
    change(folder / "user_data.txt", "u2,,o1\n", "")
    data = read_pog(folder, valid=0, test=0, min_likes=2)
    assert data.users.to_list() == ["u1"]
    with pytest.raises(ValueError, match="min_likes=0"):
        read_pog(folder, min_likes=0)


def test_ids_in_many_blocks() -> None:
    ids = GrowingIds()
    rng = np.random.default_rng(1)
    every: list[str] = []
    for _ in range(30):
        names = [f"u{number}" for number in rng.integers(0, 50, 20)]
        every += names
        ids.add(pa.array(names))
        if rng.random() < 0.3:
            ids.codes()
    codes = ids.codes()
    assert ids.ids.to_pylist() == list(dict.fromkeys(every))
    assert [ids.ids[int(code)].as_py() for code in codes] == every


def test_split() -> None:
    user = np.repeat([3, 1, 2], [10, 1, 20])
    splits = split_likes(user, 0.1, 0.25, seed=5)
    counts = {
        split: np.bincount(user[rows], minlength=4).tolist()
        for split, rows in splits.items()
    }
    # Of 1, 20 and 10: a tenth and a quarter, rounded down.
    assert counts["valid"] == [0, 0, 2, 1]
    assert counts["test"] == [0, 0, 5, 2]
    every = np.concatenate(list(splits.values()))
    assert sorted(every) == list(range(31))
    again = split_likes(user, 0.1, 0.25, seed=5)
    other = split_likes(user, 0.1, 0.25, seed=6)
    for split in splits:
        np.testing.assert_array_equal(splits[split], again[split])
    assert splits["test"].tolist() != other["test"].tolist()
    for valid, test, named in [(0.5, 0.5, "train"), (-0.1, 0, "valid=-0.1")]:
        with pytest.raises(ValueError, match=named):
            split_likes(user, valid, test, seed=0)


@pytest.mark.parametrize(
    "name", ["outfit_data.txt", "user_data.txt", "item_data.txt"]
)
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    folder = pog(tmp_path / "pog")
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        read_pog(folder)
    assert f"{folder / name}: a file was expected" in str(caught.value)


# file, what is replaced by what, what the message has, likes left.
BAD = {
    "swapped user": (
        "user_data.txt",
        "u2,i1;i1;i4,o3",
        "o3,i1;i1;i4,u2",
        ["user_data.txt, line 3: `outfit_id`", "outfit_data.txt", "'u2'"],
        3,
    ),
    "swapped history": (
        "user_data.txt",
        "u2,i1;i1;i4,o3",
        "u2,o3,i1;i1;i4",
        ["user_data.txt, line 3: `outfit_id`", "'i1;i1;i4'"],
        3,
    ),
    "swapped outfit": (
        "outfit_data.txt",
        "o2,i3;i2",
        "i3;i2,o2",
        ["user_data.txt, line 2: `outfit_id`", "'o2'"],
        3,
    ),
    "swapped item": (
        "item_data.txt",
        "i3,c1,",
        "c1,i3,",
        ["outfit_data.txt, line 2: `item_ids`", "item_data.txt", "'i3'"],
        2,
    ),
    "an outfit out of range": (
        "user_data.txt",
        "u1,i2,o2",
        "u1,i2,o9",
        ["user_data.txt, line 2: `outfit_id`", "'o9'"],
        3,
    ),
    "an item out of range": (
        "outfit_data.txt",
        "o2,i3;i2",
        "o2,i3;i9",
        ["outfit_data.txt, line 2: `item_ids`", "'i9'"],
        3,
    ),
    "too few fields": (
        "user_data.txt",
        "u1,i2,o2",
        "u1,o2",
        ["line 2: `line` should hold user_id,item_ids,outfit_id", "'u1,o2'"],
        3,
    ),
    "an empty line": ("user_data.txt", "u1,i2,o2", "", ["line 2: `line`"], 3),
    "an empty user": (
        "user_data.txt",
        "u1,i2,o2",
        ",i2,o2",
        ["line 2: `user_id` should not be empty"],
        3,
    ),
    "an empty outfit": (
        "outfit_data.txt",
        "o2,i3;i2",
        "o2,",
        ["outfit_data.txt, line 2: `item_ids`", "at least one"],
        3,
    ),
    "an item twice": (
        "item_data.txt",
        "i4,c3,http",
        "i1,c3,http",
        ["item_data.txt, line 5: `item_id`", "repeated"],
        1,
    ),
    "no category": (
        "item_data.txt",
        "i3,c1,",
        "i3,,",
        ["item_data.txt, line 4: `category` should not be empty"],
        2,
    ),
}


@pytest.mark.parametrize(
    ("name", "old", "new", "named", "left"), BAD.values(), ids=BAD
)
def test_bad_line(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    old: str,
    new: str,
    named: list[str],
    left: int,
) -> None:
    folder = pog(tmp_path / "pog")
    change(folder / name, old, new)
    with pytest.raises(DataError) as caught:
        read_pog(folder)
    for part in named:
        assert part in str(caught.value)
    if name == "item_data.txt" and old.startswith("i4"):
        return  # every outfit of u2 has the item that is gone
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        data = read_pog(folder, "drop", valid=0, test=0)
    assert len(data.likes("train")) == left
    assert "dropped " in caplog.text


def test_dropped_lines_are_counted_over_blocks(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = pog(tmp_path / "pog")
    with (folder / "user_data.txt").open("a") as file:
        file.writelines(f"u{n},i1,x{n}\n" for n in range(100))
    monkeypatch.setattr(line_stream, "BLOCK", 64)
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        read_pog(folder, "drop")
    assert "dropped 100 lines" in caplog.text
    assert "6 ('x0'), 7 ('x1')" in caplog.text
    assert "15 ('x9'), ..." in caplog.text


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda text: b"", "at least one like"),
        (lambda text: text.replace(b"u2", b"\xff\xfe"), "line 3: `user_id`"),
    ],
)
def test_damaged_users(
    tmp_path: Path, damage: Callable[[bytes], bytes], named: str
) -> None:
    folder = pog(tmp_path / "pog")
    path = folder / "user_data.txt"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=named) as caught:
        read_pog(folder)
    assert "user_data.txt" in str(caught.value)


def test_titles_in_any_encoding(tmp_path: Path) -> None:
    folder = pog(tmp_path / "pog")
    path = folder / "item_data.txt"
    text = path.read_text(encoding="utf-8")
    path.write_bytes(text.encode("gbk"))
    assert read_pog(folder).num_items == 4
