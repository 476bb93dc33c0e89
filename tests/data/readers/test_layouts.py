"""Which layout a folder has, tables of fixed candidates, conversions."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from published import (
    difashion,
    iqon3000,
    pog,
    polyvore_outfits,
    polyvore_u,
)

from fndrec.data import (
    LAYOUTS,
    FixedCandidates,
    from_tables,
    load_data,
    read_fixed,
    write_fixed,
    write_parquet,
)
from fndrec.data.readers.layouts import layout_of
from fndrec.errors import DataError


def csv_shop(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "items.csv").write_text(
        "item_id,category\na,top\nb,shoe\nc,top\nd,shoe\n"
    )
    (folder / "outfits.csv").write_text("outfit_id,item_ids\no1,a;b\no2,c;d\n")
    (folder / "train.csv").write_text("user_id,outfit_id\nann,o1\nbob,o2\n")
    (folder / "fitb_valid.csv").write_text(
        "user_id,item_ids,blank,wrong_ids\nann,a;b,b,d;a\nbob,c;d,c,a;b\n"
    )
    return folder


FOLDERS: dict[str, Callable[[Path], Path]] = {
    "csv": csv_shop,
    "polyvore-u": lambda folder: polyvore_u(folder).parent,
    "difashion": difashion,
    "pog": pog,
    "polyvore-outfits": polyvore_outfits,
    "iqon3000": iqon3000,
}
OPTIONS: dict[str, dict[str, Any]] = {"difashion": {"allow_pickle": True}}


@pytest.mark.parametrize("name", FOLDERS)
def test_layout_is_found(tmp_path: Path, name: str) -> None:
    folder = FOLDERS[name](tmp_path / "data")
    assert layout_of(folder) == name
    options = OPTIONS.get(name, {})
    found = load_data(folder, **options)
    named = load_data(folder, format=name, **options)
    assert repr(found) == repr(named)
    with pytest.raises(ValueError, match=r"`max_slots`.*max_slots=0"):
        load_data(folder, max_slots=0, **options)


@pytest.mark.parametrize("name", FOLDERS)
def test_parquet_holds_the_same(tmp_path: Path, name: str) -> None:
    folder = FOLDERS[name](tmp_path / "data")
    options = OPTIONS.get(name, {})
    data = load_data(folder, **options)
    fixed = read_fixed(folder, data, **options)
    out = tmp_path / "out"
    if data.photos is not None:
        shutil.copytree(folder, out)  # photos are named relative to it
    write_parquet(data, out)
    write_fixed(fixed, data, out)
    assert layout_of(out) == "parquet"
    again = load_data(out, max_slots=data.num_slots)
    for part in ("users", "items", "outfits", "categories"):
        assert getattr(again, part) == getattr(data, part)
    np.testing.assert_array_equal(again.outfit_items, data.outfit_items)
    np.testing.assert_array_equal(again.item_group, data.item_group)
    for split, likes in data.splits.items():
        np.testing.assert_array_equal(likes.user, again.likes(split).user)
        np.testing.assert_array_equal(likes.outfit, again.likes(split).outfit)
    read = read_fixed(out, again)
    assert sorted(read) == sorted(fixed)
    for key, candidates in fixed.items():
        assert read[key].kind == candidates.kind
        np.testing.assert_array_equal(read[key].user, candidates.user)
        np.testing.assert_array_equal(read[key].outfits, candidates.outfits)


def test_features_in_parquet(tmp_path: Path) -> None:
    folder = csv_shop(tmp_path / "data")
    np.save(folder / "features.npy", np.arange(8.0).reshape(4, 2))
    data = load_data(folder)
    write_parquet(data, tmp_path / "out")
    again = load_data(tmp_path / "out")
    np.testing.assert_array_equal(again.features, data.features)
    (tmp_path / "out" / "test.parquet").touch()
    with pytest.raises(DataError, match=r"no table.*test.parquet"):
        write_parquet(data, tmp_path / "out")


def test_what_is_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError) as caught:
        load_data(tmp_path)
    for part in [str(tmp_path), "notes.txt", *LAYOUTS, "items.csv"]:
        assert part in str(caught.value)
    with pytest.raises(DataError, match="existing folder"):
        load_data(tmp_path / "none")


def test_a_layout_that_is_named(tmp_path: Path) -> None:
    csv_shop(tmp_path / "data")
    with pytest.raises(DataError, match=r"user_data.txt: a file was exp"):
        load_data(tmp_path / "data", format="pog")
    with pytest.raises(ValueError, match=r"format='xls'"):
        load_data(tmp_path / "data", format="xls")
    with pytest.raises(DataError, match=r"'csv' should be some of .*seed=3"):
        load_data(tmp_path / "data", seed=3)
    with pytest.raises(DataError, match=r"'pog' .*splits="):
        load_data(pog(tmp_path / "pog"), splits=["train"])


def test_fixed_candidates_of_csv(tmp_path: Path) -> None:
    folder = csv_shop(tmp_path / "data")
    data = load_data(folder)
    fixed = read_fixed(folder, data)["fitb_valid"]
    assert fixed.kind == "blanks"
    assert data.users.take(fixed.user) == ["ann", "bob"]
    # Rows of a, b, c, d: the blank filled, the true item first.
    assert fixed.outfits.tolist() == [
        [[0, 1], [0, 3], [0, 0]],
        [[2, 3], [0, 3], [1, 3]],
    ]
    assert fixed.source == str(folder / "fitb_valid.csv")
    assert repr(fixed) == (
        f"FixedCandidates(2 blanks, candidates=3, source='{fixed.source}')"
    )


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("user_id,item_ids", "item_ids,user_id", "row 1: `blank`"),
        ("wrong_ids", "wrong", "a column `wrong_ids`"),
        ("c;d,c", "c;d,a", "row 2: `blank` should be one of.*'a'"),
        ("c;d,c", "c;c,c", "row 2: `blank`"),
        ("a;b\n", "a;b;d\n", "row 2: `wrong_ids` should have 2 entries.*=3"),
        ("a;b\n", "\n", "row 2: `wrong_ids` should have 2 entries.*=0"),
        ("a;b\n", "a;z\n", "row 2: `items` should be items of data.*'z'"),
        ("bob,c;d", "eve,c;d", "row 2: `user` should be a user of data.*'eve'"),
    ],
)
def test_bad_fixed_candidates_of_csv(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    old: str,
    new: str,
    named: str,
) -> None:
    folder = csv_shop(tmp_path / "data")
    data = load_data(folder)
    path = folder / "fitb_valid.csv"
    text = path.read_text()
    head, found, tail = text.rpartition(old)
    assert found
    path.write_text(head + new + tail)
    with pytest.raises(DataError, match=named) as caught:
        read_fixed(folder, data)
    assert "fitb_valid.csv" in str(caught.value)
    if "row 2" in named:
        with caplog.at_level(logging.WARNING, "fndrec.data"):
            fixed = read_fixed(folder, data, on_error="drop")["fitb_valid"]
        assert fixed.outfits.tolist() == [[[0, 1], [0, 3], [0, 0]]]
        assert "dropped 1" in caplog.text


def test_negatives_in_parquet(tmp_path: Path) -> None:
    folder = csv_shop(tmp_path / "data")
    data = load_data(folder)
    table = {
        "user_id": ["ann", "bob"],
        "item_ids": [["a", "b"], ["c"]],
        "negatives": [[["a", "d"], ["b"]], [["d", "b", "a"], ["c"]]],
    }
    path = folder / "negatives_valid.parquet"
    pq.write_table(pa.table(table), path)
    fixed = read_fixed(folder, data)["negatives_valid"]
    assert fixed.kind == "negatives"
    assert fixed.outfits.tolist() == [
        [[0, 1, -1], [0, 3, -1], [1, -1, -1]],
        [[2, -1, -1], [3, 1, 0], [2, -1, -1]],
    ]
    for values, named in [
        ([[["a"]], [["c"], ["d"]]], "row 2: `negatives` .*1 entries.*=2"),
        ([[["z"]], [["c"]]], "row 1: `items`.*'z'"),
    ]:
        pq.write_table(pa.table({**table, "negatives": values}), path)
        with pytest.raises(DataError, match=named):
            read_fixed(folder, data)
    del table["negatives"]
    pq.write_table(pa.table(table), path)
    with pytest.raises(DataError, match=r"a column `negatives`"):
        read_fixed(folder, data)


def test_candidates_follow_the_ids(tmp_path: Path) -> None:
    """Rows are those of the data set that is given."""
    folder = csv_shop(tmp_path / "data")
    other = from_tables(
        pa.table({"item_id": ["d", "c", "b", "a"]}),
        pa.table({"outfit_id": ["o"], "item_ids": [["a", "c"]]}),
        {
            "train": pa.table(
                {"user_id": ["bob", "ann"], "outfit_id": ["o"] * 2}
            )
        },
    )
    fixed: FixedCandidates = read_fixed(folder, other)["fitb_valid"]
    assert fixed.user.tolist() == [1, 0]
    assert fixed.outfits[1].tolist() == [[1, 0], [3, 0], [2, 0]]
