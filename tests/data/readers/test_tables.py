import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fndrec.data import from_tables, read_csv, read_parquet
from fndrec.data.outfit_data import OutfitData
from fndrec.errors import DataError

SHARED = Path(
    os.environ.get(
        "FNDREC_SHARED_DATA",
        Path(__file__).parents[4] / "shared" / "data",
    )
)

FILES = {
    "items.csv": "item_id,category,image\n"
    "001,top,p/a.jpg\n002,shoe,p/b.jpg\n003,top,p/c.jpg\n",
    "outfits.csv": "outfit_id,item_ids\no1,001;002\no2,003;002\no3,003\n",
    "train.csv": "user_id,outfit_id\nann,o1\nbob,o2\nbob,o3\n",
    "valid.csv": "user_id,outfit_id\nann,o2\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "p").mkdir(parents=True)
    for name in "abc":
        (folder / "p" / f"{name}.jpg").touch()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def change(shop: Path, file: str, old: str, new: str) -> None:
    text = (shop / file).read_text()
    assert text.count(old) == 1
    (shop / file).write_text(text.replace(old, new), newline="")


def columns(text: str) -> dict[str, list[str]]:
    header, *rows = [line.split(",") for line in text.splitlines()]
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def same(one: OutfitData, other: OutfitData) -> None:
    for name in ("users", "items", "outfits", "categories"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("outfit_items", "item_category", "item_group", "features"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.photos == other.photos
    assert list(one.splits) == list(other.splits)
    for split, likes in one.splits.items():
        np.testing.assert_array_equal(likes.user, other.likes(split).user)
        np.testing.assert_array_equal(likes.outfit, other.likes(split).outfit)


def test_csv(shop: Path) -> None:
    data = read_csv(shop)
    # An id is a string, also if it looks like a number.
    assert data.items.to_list() == ["001", "002", "003"]
    assert data.outfit_items.tolist() == [[0, 1], [2, 1], [2, -1]]
    assert data.users.to_list() == ["ann", "bob"]
    assert data.photos is not None
    assert data.photos.to_pylist() == ["p/a.jpg", "p/b.jpg", "p/c.jpg"]
    assert data.photo_root == shop
    assert data.name == "shop"
    assert list(data.splits) == ["train", "valid"]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: "".join(
            ",".join(f'"{field}"' for field in line.split(",")) + "\n"
            for line in text.splitlines()
        ).encode(),
        lambda text: "".join(
            f"{line},extra\n" for line in text.splitlines()
        ).encode(),
    ],
    ids=["bom", "crlf", "no last newline", "blank lines", "quotes", "extra"],
)
def test_csv_in_other_dress(shop: Path, encode: Callable[[str], bytes]) -> None:
    plain = read_csv(shop)
    for name, text in FILES.items():
        (shop / name).write_bytes(encode(text))
    same(read_csv(shop), plain)


def test_csv_values_that_other_readers_take_for_missing(shop: Path) -> None:
    change(shop, "items.csv", "002,shoe", '002,"NA, ""x"""')
    change(shop, "train.csv", "ann", "null")
    data = read_csv(shop)
    assert data.categories is not None
    assert data.categories.to_list() == ['NA, "x"', "top"]
    assert "null" in data.users


def test_splits(shop: Path) -> None:
    (shop / "late.csv").write_text("user_id,outfit_id\nzoe,o1\n")
    (shop / "fitb_valid.csv").write_text("anything")
    assert list(read_csv(shop).splits) == ["train", "valid"]
    data = read_csv(shop, splits=["late", "train"])
    assert list(data.splits) == ["train", "late"]
    assert data.users.to_list() == ["ann", "bob", "zoe"]


@pytest.mark.parametrize(
    "splits", [["valid"], ["train", "../up"], ["train", "items"], [], [1]]
)
def test_bad_splits(shop: Path, splits: list[Any]) -> None:
    with pytest.raises(DataError, match="Received: split"):
        read_csv(shop, splits=splits)


def test_features_file(shop: Path) -> None:
    np.save(shop / "features.npy", np.arange(6.0).reshape(3, 2))
    data = read_csv(shop)
    assert data.features is not None
    assert data.features.dtype == np.float32
    assert data.features.tolist() == [[0, 1], [2, 3], [4, 5]]


def arrow_tables() -> dict[str, pa.Table]:
    tables = {}
    for file, text in FILES.items():
        table = columns(text)
        for name in ("item_id", "outfit_id", "user_id"):
            if name in table and table[name][0].isdigit():
                table[name] = [int(cell) for cell in table[name]]  # type: ignore[misc]
        if "item_ids" in table:
            table["item_ids"] = [
                [int(cell) for cell in cells.split(";")]  # type: ignore[misc]
                for cells in table["item_ids"]
            ]
        tables[file.removesuffix(".csv")] = pa.table(table)
    tables["items"] = tables["items"].append_column(
        "feature", pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    )
    return tables


@pytest.fixture
def plain(shop: Path) -> OutfitData:
    """The shop with the ids that integers give, and with features."""
    for file in ("items.csv", "outfits.csv"):
        text = (shop / file).read_text().replace("00", "")
        (shop / file).write_text(text)
    np.save(shop / "features.npy", np.arange(1.0, 7.0).reshape(3, 2))
    return read_csv(shop)


def test_parquet_equals_csv(shop: Path, plain: OutfitData) -> None:
    for name, table in arrow_tables().items():
        pq.write_table(table, shop / f"{name}.parquet")
    same(read_parquet(shop), plain)


def test_parquet_with_joined_ids_equals_csv(
    shop: Path, plain: OutfitData
) -> None:
    tables = arrow_tables()
    tables["outfits"] = pa.table(columns(FILES["outfits.csv"])).set_column(
        1, "item_ids", pa.array(["1;2", "3;2", "3"]).dictionary_encode()
    )
    for name, table in tables.items():
        pq.write_table(table, shop / f"{name}.parquet")
    same(read_parquet(shop), plain)


@pytest.mark.parametrize("kind", ["arrow", "pandas"])
def test_tables_equal_csv(shop: Path, plain: OutfitData, kind: str) -> None:
    tables: dict[str, Any] = arrow_tables()
    if kind == "pandas":
        tables = {name: table.to_pandas() for name, table in tables.items()}
        tables["items"]["anything"] = [object(), 1, "x"]
        tables["items"]["category"] = tables["items"]["category"].astype(
            "category"
        )
        tables["train"].index = [7, 7, 7]
    data = from_tables(
        tables["items"],
        tables["outfits"],
        {"valid": tables["valid"], "train": tables["train"]},
        photo_root=shop,
    )
    same(data, plain)
    assert data.photo_root == shop


# file, what is replaced by what, the row, what the message has besides.
BAD_ROWS = {
    "item twice": ("items.csv", "003,top", "001,top", 3, ["'001'"]),
    "empty item": ("items.csv", "002,shoe", ",shoe", 2, ["item_id=''"]),
    "item newline": ("items.csv", "002,", '"0\n2",', 2, [r"'0\n2'"]),
    "empty category": ("items.csv", "shoe", "", 2, ["category=''"]),
    "empty photo": ("items.csv", "p/b.jpg", "", 2, ["image=''"]),
    "absent photo": ("items.csv", "p/b.jpg", "p/z.jpg", 2, ["'p/z.jpg'"]),
    "folder as photo": ("items.csv", "p/b.jpg", "p", 2, ["'p'"]),
    "absent folder": ("items.csv", "p/b.jpg", "q/b.jpg", 2, ["'q/b.jpg'"]),
    "absolute photo": ("items.csv", "p/b.jpg", "/p/b.jpg", 2, ["relative"]),
    "drive": ("items.csv", "p/b.jpg", "C:\\b.jpg", 2, ["relative"]),
    "parent": ("items.csv", "p/b.jpg", "p/../../b", 2, ["'p/../../b'"]),
    "outfit twice": ("outfits.csv", "o3,", "o1,", 3, ["'o1'"]),
    "empty outfit id": ("outfits.csv", "o3,", ",", 3, ["outfit_id=''"]),
    "outfit newline": ("outfits.csv", "o3", '"o\r3"', 3, [r"'o\r3'"]),
    "empty outfit": ("outfits.csv", "o3,003", "o3,", 3, ["item_ids=''"]),
    "empty item id": ("outfits.csv", "o3,003", "o3,003;", 3, ["'003;'"]),
    "unknown item": ("outfits.csv", "003;002", "003;9", 2, ["'9'"]),
    "same item": ("outfits.csv", "003;002", "002;003;002", 2, ["'002'"]),
    "too long": ("outfits.csv", "o1,001;002", "o1,001;002;003", 1, ["2 items"]),
    "unknown outfit": ("train.csv", "bob,o3", "bob,o9", 3, ["'o9'"]),
    "empty user": ("train.csv", "ann,", ",", 1, ["user_id=''"]),
    "user newline": ("train.csv", "ann", '"a\nn"', 1, [r"'a\nn'"]),
    "empty like": ("train.csv", "bob,o3", "bob,", 3, ["outfit_id=''"]),
    "valid like": ("valid.csv", "o2", "o9", 1, ["'o9'"]),
}


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "named"), BAD_ROWS.values(), ids=BAD_ROWS
)
def test_bad_row(
    shop: Path,
    caplog: pytest.LogCaptureFixture,
    file: str,
    old: str,
    new: str,
    row: int,
    named: list[str],
) -> None:
    change(shop, file, old, new)
    # Only "too long" has an outfit of three different items.
    slots = 2 if new.endswith("001;002;003") else 3
    with pytest.raises(DataError) as caught:
        read_csv(shop, max_slots=slots)
    for part in [str(shop / file), f"row {row}:", *named]:
        assert part in str(caught.value)
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        data = read_csv(shop, on_error="drop", max_slots=slots)
    assert f"{file}: dropped 1 of " in caplog.text
    assert f"Rows: {row} (" in caplog.text
    assert data.num_items == (2 if file == "items.csv" else 3)


def test_drop_takes_what_depends_along(
    shop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    np.save(shop / "features.npy", np.arange(6.0).reshape(3, 2))
    change(shop, "items.csv", "p/b.jpg", "p/z.jpg")
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        data = read_csv(shop, on_error="drop")
    assert data.items.to_list() == ["001", "003"]
    assert data.photos is not None
    assert data.photos.to_pylist() == ["p/a.jpg", "p/c.jpg"]
    assert data.categories is not None
    assert data.categories.to_list() == ["top"]
    assert data.features is not None
    assert data.features.tolist() == [[0, 1], [4, 5]]
    assert data.outfits.to_list() == ["o3"]
    assert data.outfit_items.tolist() == [[1]]
    assert data.users.to_list() == ["bob"]
    assert len(data.likes("train")) == 1
    assert len(data.likes("valid")) == 0
    messages = [record.getMessage() for record in caplog.records]
    assert ["dropped 2 of 3" in message for message in messages] == [
        False,
        True,
        True,
        False,
    ]


def test_drop_logs_the_first_ten(
    shop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open(shop / "train.csv", "a") as file:
        file.writelines(f"ann,x{row}\n" for row in range(12))
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        read_csv(shop, on_error="drop")
    assert "dropped 12 of 15" in caplog.text
    assert "13 ('x9'), ..." in caplog.text
    assert "x10" not in caplog.text


def test_nothing_left_is_an_error(shop: Path) -> None:
    (shop / "outfits.csv").write_text("outfit_id,item_ids\n")
    with pytest.raises(DataError, match=r"train.csv.*at least one like"):
        read_csv(shop, on_error="drop")


def test_no_row_at_all_is_an_error(shop: Path) -> None:
    for file, text in FILES.items():
        (shop / file).write_text(text.splitlines()[0])
    with pytest.raises(DataError, match=r"train.csv.*at least one like"):
        read_csv(shop)


def test_photo_links(shop: Path) -> None:
    (shop.parent / "secret.jpg").touch()
    (shop / "p" / "b.jpg").unlink()
    (shop / "p" / "b.jpg").symlink_to("a.jpg")
    read_csv(shop)
    (shop / "p" / "b.jpg").unlink()
    (shop / "p" / "b.jpg").symlink_to("../../secret.jpg")
    with pytest.raises(DataError, match=r"row 2: .*stays in .*'p/b.jpg'"):
        read_csv(shop)


def test_a_folder_of_photos_that_is_a_link(shop: Path) -> None:
    (shop / "p").rename(shop.parent / "elsewhere")
    (shop / "p").symlink_to(shop.parent / "elsewhere")
    with pytest.raises(DataError, match=r"row 1: .*stays in .*'p/a.jpg'"):
        read_csv(shop)


def test_a_root_that_is_a_link(shop: Path) -> None:
    (shop.parent / "link").symlink_to(shop)
    assert read_csv(shop.parent / "link").num_items == 3


@pytest.mark.parametrize("file", ["items.csv", "outfits.csv", "train.csv"])
@pytest.mark.parametrize("on_error", ["raise", "drop"])
def test_missing_file_or_column(shop: Path, file: str, on_error: Any) -> None:
    header = FILES[file].split(",")[0]
    change(shop, file, header, "name")
    with pytest.raises(DataError) as caught:
        read_csv(shop, on_error=on_error)
    for part in [str(shop / file), f"`{header}`", "'name'"]:
        assert part in str(caught.value)
    (shop / file).unlink()
    with pytest.raises(DataError) as caught:
        read_csv(shop, on_error=on_error)
    assert str(shop / file) in str(caught.value)
    assert "valid.csv" in str(caught.value)


def test_missing_folder(tmp_path: Path) -> None:
    for read in (read_csv, read_parquet):
        with pytest.raises(DataError, match="none"):
            read(tmp_path / "none")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "header"),
        (b"\n\n", "header"),
        ("user_id,outfit_id\nä,o1\n".encode("latin-1"), "UTF-8"),
        ("user_id,outfit_id\nann,o1\n".encode("utf-16"), "UTF-8"),
        (b"user_id,outfit_id\nann,o1\nbob,o2,o3\n", "row 2: 2 fields"),
        (b"user_id,outfit_id\n\nann,o1\nbob\n", "row 2: 2 fields"),
        (b"user_id,outfit_id,user_id\nann,o1,bob\n", "'user_id'"),
    ],
)
def test_a_file_that_is_no_csv(shop: Path, content: bytes, named: str) -> None:
    (shop / "train.csv").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_csv(shop)
    assert str(shop / "train.csv") in str(caught.value)
    assert named in str(caught.value)


def test_a_file_that_is_no_parquet(shop: Path, plain: OutfitData) -> None:
    for name, table in arrow_tables().items():
        pq.write_table(table, shop / f"{name}.parquet")
    (shop / "train.parquet").write_text("no")
    with pytest.raises(DataError, match=r"train.parquet: a Parquet file"):
        read_parquet(shop)


@pytest.mark.parametrize(
    "features",
    [
        np.zeros((2, 4)),
        np.zeros(3),
        np.zeros((3, 0)),
        np.zeros((3, 2), np.int64),
        np.array([[None, 1.0]] * 3),
    ],
)
def test_bad_features_file(shop: Path, features: Any) -> None:
    np.save(shop / "features.npy", features)
    with pytest.raises(DataError, match=r"features.npy: "):
        read_csv(shop)


def test_features_file_that_is_cut(shop: Path) -> None:
    (shop / "features.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match=r"features.npy: "):
        read_csv(shop)


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e300])
def test_features_that_are_not_finite(shop: Path, value: float) -> None:
    features = np.ones((3, 2))
    features[1, 1] = value
    np.save(shop / "features.npy", features)
    with pytest.raises(
        DataError, match=r"features.npy, row 2: .*(nan|inf|1e\+300)"
    ):
        read_csv(shop)
    assert read_csv(shop, on_error="drop").num_items == 2


def tables(**columns: Any) -> dict[str, Any]:
    """Arguments of `from_tables`, some columns of the items replaced."""
    return {
        "items": pa.table({"item_id": ["a", "b"], **columns}),
        "outfits": pa.table({"outfit_id": ["o"], "item_ids": [["a"]]}),
        "likes": {"train": pa.table({"user_id": ["u"], "outfit_id": ["o"]})},
    }


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"item_id": ["a", None]}, "items table, row 2: .*item_id=None"),
        ({"item_id": ["a", "a"]}, "items table, row 2: .*'a'"),
        ({"item_id": [1.0, 2.0]}, "items table: `item_id`.*double"),
        ({"category": ["x", None]}, "items table, row 2: .*category=None"),
        ({"group": ["x", ""]}, "items table, row 2: .*group=''"),
        ({"feature": [[1.0], [1.0, 2.0]]}, "row 2: `feature`.*1 numbers"),
        ({"feature": [[1.0], None]}, "row 2: `feature`.*None"),
        ({"feature": [[1.0], [None]]}, "row 2: `feature`.*nan"),
        ({"feature": [1.0, 2.0]}, "items table: `feature`.*double"),
        ({"feature": [["x"], ["y"]]}, "items table: `feature`.*string"),
        ({"image": ["x", "y"]}, "items table: `photo_root`"),
    ],
)
def test_bad_item_column(columns: dict[str, Any], named: str) -> None:
    with pytest.raises(DataError, match=named):
        from_tables(**tables(**columns))


@pytest.mark.parametrize(
    ("argument", "value", "named"),
    [
        ("items", [1], "items table: .*list"),
        ("items", pd.DataFrame({"id": ["a"]}), "items table: .*`item_id`"),
        ("items", pd.DataFrame({"item_id": ["a", 1]}), "items table: "),
        ("outfits", pd.DataFrame({"outfit_id": ["o"]}), r"\['outfit_id'\]"),
        ("likes", pd.DataFrame(), "`likes` should be a dictionary"),
        ("likes", {"valid": None}, "'train' among them"),
        ("photo_root", "/nowhere/at/all", "`photo_root` should be an"),
        ("photo_root", ".", "items table: a column `image`"),
        ("on_error", "ignore", "on_error='ignore'"),
        ("max_slots", 0, "max_slots=0"),
        ("max_slots", True, "max_slots=True"),
    ],
)
def test_bad_argument(argument: str, value: Any, named: str) -> None:
    # Tables raise a `DataError`, which is a `ValueError`, too.
    with pytest.raises((TypeError, ValueError), match=named) as error:
        from_tables(**{**tables(), argument: value})
    plain = argument in ("on_error", "max_slots") or named.endswith("tionary")
    assert plain != isinstance(error.value, DataError)


def test_lists_of_fixed_size() -> None:
    arguments = tables(
        feature=pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2))
    )
    arguments["outfits"] = pa.table(
        {
            "outfit_id": ["o"],
            "item_ids": pa.array([["b", "a"]], pa.list_(pa.string(), 2)),
        }
    )
    data = from_tables(**arguments)
    assert data.outfit_items.tolist() == [[1, 0]]
    assert data.features is not None
    assert data.features.tolist() == [[1, 2], [3, 4]]


REAL = {
    # users, items, outfits, slots, train, valid
    "wardrobe": (400, 3781, 14734, 5, 12400, 2400),
    "ifashion": (53897, 42563, 27694, 5, 317025, 149007),
}


def shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


def counts(data: OutfitData) -> tuple[int, ...]:
    return (
        data.num_users,
        data.num_items,
        data.num_outfits,
        data.num_slots,
        len(data.likes("train")),
        len(data.likes("valid")),
    )


@pytest.mark.parametrize("name", REAL)
def test_real_data(name: str) -> None:
    assert counts(read_csv(shared(name))) == REAL[name]


def test_real_data_with_copied_rows(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Two outfits, and the train likes of them, stand in the files twice.
    with caplog.at_level(logging.INFO, "fndrec.data"):
        data = read_csv(shared("polyvore_u"))
    assert counts(data) == (517, 119202, 30275, 4, 26919, 3356)
    assert "outfits.csv: left out 2 rows" in caplog.text
    assert "The first: row 11617" in caplog.text
    assert "train.csv: left out 2 rows" in caplog.text
    # The categories tell the slots: top, coat, bottom, shoe in some order.
    assert np.unique(data.item_group).size == 4


def test_copied_rows_do_no_harm(
    shop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = read_csv(shop)
    for name in ("outfits.csv", "train.csv"):
        lines = (shop / name).read_text().splitlines()
        (shop / name).write_text("\n".join([*lines, lines[1]]) + "\n")
    with caplog.at_level(logging.INFO, "fndrec.data"):
        data = read_csv(shop)
    same(data, plain)
    assert caplog.text.count("left out 1 rows") == 2
