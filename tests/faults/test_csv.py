"""CSV files of every kind of wrong: one clear error, or the right result."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fndrec.data import from_tables, read_csv, read_parquet
from fndrec.errors import DataError

GOOD = {
    "items": "item_id,category\n001,top\n002,shoe\n003,top\n",
    "outfits": "outfit_id,item_ids\no1,001;002\no2,003;002\no3,003\n",
    "train": "user_id,outfit_id\nann,o1\nbob,o2\nbob,o3\n",
}
MILLION = 10**6
WIDE = ",".join(f"c{i}" for i in range(MILLION))
LONG = "a" * MILLION


def shop(folder: Path, **changed: str | bytes) -> Path:
    for name, content in {**GOOD, **changed}.items():
        if isinstance(content, str):
            content = content.encode()
        (folder / f"{name}.csv").write_bytes(content)
    return folder


# What the file holds, and what its error says.
BAD: dict[str, tuple[str, str | bytes, str]] = {
    "million columns": (
        "items",
        f"item_id,{WIDE}\n{'1,' * MILLION}1\n",
        r"items\.csv: at most 10,000 columns .* Received: 1,000,001$",
    ),
    "thousands of wrong columns": (
        "items",
        ",".join(f"c{i}" for i in range(9000)) + "\n",
        r"a column `item_id` was expected\. .*'c19', \.\.\.\]$",
    ),
    "long id first": (
        "train",
        f"user_id,outfit_id\n{LONG},o1\n",
        r"train\.csv, row 1: `user_id` should have at most 1,000 char",
    ),
    "long id later": (
        "items",
        f"{GOOD['items']}{LONG},top\n",
        r"items\.csv, row 4: `item_id` should have at most 1,000 char",
    ),
    "long category": (
        "items",
        f"item_id,category\n001,top\n002,{LONG}\n",
        r"row 2: `category` should have at most 1,000 char",
    ),
    "long name of a column": ("items", f"{LONG},item_id\n1,2\n", "field limit"),
    "long list": (
        "outfits",
        f"outfit_id,item_ids\no1,{'001;' * MILLION}\n",
        r"outfits\.csv, row 1: `item_ids` should name at most 8 items",
    ),
    "null character": (
        "train",
        "user_id,outfit_id\nann,o1\nb\0b,o1\n",
        r"train\.csv, row 2: `user_id` should not contain a null char",
    ),
    "null bytes": ("train", bytes(1000), "a column `user_id` was expected"),
    "not UTF-8": (
        "train",
        b"user_id,outfit_id\n" + b"ann,o1\n" * 300_000 + b"\xff,o1\n",
        r"train\.csv: a CSV file in UTF-8 was expected.*invalid UTF8",
    ),
    "UTF-16": ("train", GOOD["train"].encode("utf-16"), "CSV file in UTF-8"),
    "open quote": (
        "train",
        'user_id,outfit_id\n"ann,o1\nbob,o2\n',
        r"train\.csv, row 1: 2 fields were expected",
    ),
    "semicolon in an id": (
        "items",
        GOOD["items"] + "001;002,top\n",
        r"row 4: `item_id` should not contain `;`.*'001;002'",
    ),
    "unknown id with a semicolon": (
        "outfits",
        "outfit_id,item_ids\no1,x;002\n",
        r"row 1: `item_ids` should name items of .*item_ids='x'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file(tmp_path: Path, case: str) -> None:
    file, content, message = BAD[case]
    folder = shop(tmp_path, **{file: content})
    with pytest.raises(DataError, match=message) as error:
        read_csv(folder)
    # A line for people, however large what was wrong.
    assert len(str(error.value)) < 1000


def test_semicolons_where_they_do_no_harm(tmp_path: Path) -> None:
    folder = shop(
        tmp_path,
        outfits="outfit_id,item_ids\no;1,001;002\n",
        train="user_id,outfit_id\na;nn,o;1\n",
    )
    data = read_csv(folder)
    assert data.outfits.to_list() == ["o;1"]
    assert data.users.to_list() == ["a;nn"]
    # A list needs nothing that joins its ids.
    data = from_tables(
        pa.table({"item_id": ["a;b", "a", "b"]}),
        pa.table({"outfit_id": ["o"], "item_ids": [["a;b", "b"]]}),
        {"train": pa.table({"user_id": ["u"], "outfit_id": ["o"]})},
    )
    assert data.outfit_item_ids(0) == ["a;b", "b"]


def test_mixed_types(tmp_path: Path) -> None:
    """Ids are strings, whatever they look like; a frame of both is refused."""
    folder = shop(tmp_path, train="user_id,outfit_id\n1,o1\n1.0,o2\nx,o3\n")
    assert read_csv(folder).users.to_list() == ["1", "1.0", "x"]
    frames = {
        name: pd.read_csv(io.StringIO(text), dtype=str)
        for name, text in GOOD.items()
    }
    frames["train"]["user_id"] = [1, "x", 2.5]
    with pytest.raises(DataError, match=r"train likes table"):
        from_tables(
            frames["items"], frames["outfits"], {"train": frames["train"]}
        )


# Characters that readers stumble over.
AWKWARD = st.text(
    st.sampled_from("ab;,\"'\n\r\t \0\ufeff\\é漢\U0001f45f\u2028#|"), max_size=5
)
ROWS = st.lists(st.tuples(AWKWARD, AWKWARD), max_size=4)


def written(header: str, rows: Sequence[tuple[str, ...]], quote: bool) -> str:
    out = io.StringIO()
    csv.writer(
        out, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL
    ).writerows([header.split(","), *rows])
    return out.getvalue()


def plain(ids: list[str]) -> bool:
    """Whether ids can be used, said without Arrow."""
    return all(one and not set(one) & set("\r\n\0") for one in ids)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ROWS, ROWS, ROWS, st.booleans())
def test_what_is_read_is_what_was_written(
    tmp_path: Path,
    items: list[tuple[str, str]],
    outfits: list[tuple[str, str]],
    likes: list[tuple[str, str]],
    quote: bool,
) -> None:
    """Against Python's own idea of the same rows."""
    # Some that fit together, or hardly any data set would be one.
    items = [("a", "c"), ("b", "c"), *items]
    outfits = [("o", "a;b"), *outfits]
    likes = [("u", "o"), *likes]
    shop(
        tmp_path,
        items=written("item_id,category", items, quote),
        outfits=written("outfit_id,item_ids", outfits, quote),
        train=written("user_id,outfit_id", likes, quote),
    )
    item_ids = [item for item, _ in items]
    known = set(item_ids)
    sets = [ids.split(";") for _, ids in outfits]
    distinct = list(dict.fromkeys(outfits))
    good = (
        plain(item_ids)
        and plain([category for _, category in items])
        and len(known) == len(items)
        and not any(";" in item for item in item_ids)
        and plain([outfit for outfit, _ in outfits])
        and len({outfit for outfit, _ in distinct}) == len(distinct)
        and all(set(ids) <= known and len(set(ids)) == len(ids) for ids in sets)
        and plain([user for user, _ in likes])
        and all(like in {o for o, _ in outfits} for _, like in likes)
    )
    if not good:
        with pytest.raises(DataError):
            read_csv(tmp_path)
        # What is left is still a data set: of the rows that are good.
        data = read_csv(tmp_path, on_error="drop")
        assert {"a", "b"} <= set(data.items.to_list()) <= known
        return
    data = read_csv(tmp_path)
    assert data.items.to_list() == item_ids
    assert data.outfits.to_list() == [outfit for outfit, _ in distinct]
    for row, (_, ids) in enumerate(distinct):
        assert data.outfit_item_ids(row) == ids.split(";")
    train = data.likes("train")
    assert list(
        zip(
            data.users.take(train.user),
            data.outfits.take(train.outfit),
            strict=True,
        )
    ) == list(dict.fromkeys(likes))


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(sorted(GOOD)),
    st.binary(max_size=20),
    st.integers(0, 80),
    st.integers(0, 20),
)
def test_bytes_in_the_midst_of_a_file(
    tmp_path: Path, name: str, noise: bytes, at: int, cut: int
) -> None:
    content = GOOD[name].encode()
    content = content[:at] + noise + content[at + cut :]
    shop(tmp_path, **{name: content})
    try:
        data = read_csv(tmp_path)
    except DataError:
        return
    # Nothing that is in no file.
    for ids, file in ((data.items, "items"), (data.users, "train")):
        text = (tmp_path / f"{file}.csv").read_bytes().decode()
        assert all(one.replace('"', '""') in text for one in ids.to_list())


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parquet")
    for name, text in GOOD.items():
        table = pa.Table.from_pandas(pd.read_csv(io.StringIO(text), dtype=str))
        pq.write_table(table, folder / f"{name}.parquet")
        (folder / f"{name}.whole").write_bytes(
            (folder / f"{name}.parquet").read_bytes()
        )
    return folder


def test_parquet_whose_strings_are_not_utf8(parquet: Path) -> None:
    path = parquet / "train.parquet"
    whole = path.read_bytes()
    assert whole.count(b"user_id") > 1
    assert whole.count(b"ann") >= 1
    for old, new in ((b"user_id", b"use\xff_id"), (b"ann", b"a\xffn")):
        path.write_bytes(whole.replace(old, new))
        with pytest.raises(DataError, match=r"train\.parquet: a Parquet file"):
            read_parquet(parquet)
    path.write_bytes(whole)
    read_parquet(parquet)


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(sorted(GOOD)),
    noise=st.binary(max_size=8),
    at=st.floats(0, 1),
    cut=st.integers(0, 8),
)
def test_bytes_in_the_midst_of_a_parquet_file(
    parquet: Path, name: str, noise: bytes, at: float, cut: int
) -> None:
    content = (parquet / f"{name}.whole").read_bytes()
    place = int(at * len(content))
    content = content[:place] + noise + content[place + cut :]
    path = parquet / f"{name}.parquet"
    path.write_bytes(content)
    try:
        read_parquet(parquet)
    except DataError:
        pass
    finally:
        path.write_bytes((parquet / f"{name}.whole").read_bytes())
