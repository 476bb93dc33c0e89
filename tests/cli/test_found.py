"""What the commands that find outfits write."""

import argparse
import json
from pathlib import Path

import pytest
from PIL import Image

from fndrec.cli import _found
from fndrec.cli._found import ResultRow, check_out, write_found
from fndrec.cli._run import RunRecord
from fndrec.data import OutfitData
from fndrec.errors import DataError

ROWS = [
    ResultRow(
        "ann, x", 1, ["item1", "item2"], 1 / 3, {"outfit_id": "a"}, "new"
    ),
    ResultRow("ann, x", 2, ["item3"], -2.5, {"outfit_id": "b"}),
    ResultRow("bob", 1, ["item1"], 0.25, {"outfit_id": 'say "c"'}),
]
TABLE = """user_id,rank,item_ids,score,outfit_id
"ann, x",1,item1;item2,0.33333333,a
"ann, x",2,item3,-2.5,b
bob,1,item1,0.25,"say ""c\"""
"""


def write(
    data: OutfitData, out: Path, rows: list[ResultRow] = ROWS, **more: object
) -> None:
    args = argparse.Namespace(command="find", out=out, run=None)
    write_found(args, RunRecord(args), data, rows, **more)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_table_picture_and_record(
    tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "out"
    write(tiny_photo_data, out, users=2)
    assert names(out) == ["find.csv", "find.png", "run.json"]
    assert (out / "find.csv").read_text() == TABLE
    record = json.loads((out / "run.json").read_text())
    assert record["metrics"] == {"rows": 3, "users": 2}
    assert record["command"] == "find"


def height(path: Path) -> int:
    with Image.open(path) as image:
        return image.size[1]


def test_queries_are_drawn_above_their_rows(
    tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    assert _found._sheet_rows(ROWS, {"bob": ["item9"]}) == [
        ("ann, x\n1: 0.33\nnew", ["item1", "item2"]),
        ("ann, x\n2: -2.50", ["item3"]),
        ("bob", ["item9"]),
        ("bob\n1: 0.25", ["item1"]),
    ]
    write(tiny_photo_data, tmp_path / "a")
    write(tiny_photo_data, tmp_path / "b", queries={"bob": ["item9"]})
    assert height(tmp_path / "a" / "find.png") < height(tmp_path / "b/find.png")


def test_only_the_first_of_many_rows_are_drawn(
    tiny_photo_data: OutfitData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(tiny_photo_data, tmp_path / "all")
    assert "They are drawn" in capsys.readouterr().out
    monkeypatch.setattr(_found, "SHEET_ROWS", 2)
    write(tiny_photo_data, tmp_path / "two")
    assert "The first 2 are drawn" in capsys.readouterr().out
    assert height(tmp_path / "two/find.png") < height(tmp_path / "all/find.png")
    assert (tmp_path / "two/find.csv").read_text() == TABLE


def test_no_picture_without_photos(
    tiny_data: OutfitData, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    write(tiny_photo_data, tmp_path)
    write(tiny_data, tmp_path)
    assert names(tmp_path) == ["find.csv", "run.json"]


@pytest.mark.parametrize(
    "last",
    [
        ResultRow("bob", 2, ["no such"], 0.0, {"outfit_id": "d"}),
        ResultRow("bob", 2, ["item1"], 0.0, {"other": "d"}),
    ],
)
def test_all_or_nothing(
    tiny_photo_data: OutfitData, tmp_path: Path, last: ResultRow
) -> None:
    write(tiny_photo_data, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"no such|other"):
        write(tiny_photo_data, tmp_path, [*ROWS, last])
    after = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert after == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(DataError, match="should be a folder"):
        check_out(tmp_path / "x")
    check_out(tmp_path)
    check_out(tmp_path / "y")
