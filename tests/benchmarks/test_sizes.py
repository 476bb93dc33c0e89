"""The benchmarks that count: towers, and a large shop made small."""

import json
from pathlib import Path

from benchmarks.fill import __main__ as fill
from benchmarks.large_shop import __main__ as large_shop
from benchmarks.towers import __main__ as towers


def test_towers(tmp_path: Path) -> None:
    towers.main(["--out", str(tmp_path), "--applications"])
    found = json.loads((tmp_path / "towers.json").read_text())
    rows = found["sections"][0]["rows"]
    assert [row[0] for row in rows][-1] == "AlexNet, width 1"
    # The first convolution alone: 7 x 7 x 3 x 64 on 32 x 32 positions.
    assert float(rows[-1][2]) > 7 * 7 * 3 * 64 * 32 * 32 / 1e6
    committed = json.loads((fill.RESULTS / "towers.json").read_text())
    assert committed["sections"][0]["rows"][: len(rows)] == rows
    assert committed["sections"][1] == found["sections"][1]


def test_large_shop(tmp_path: Path) -> None:
    large_shop.main(
        [
            *("--work", str(tmp_path / "work"), "--out", str(tmp_path)),
            *("--likes", "4000", "--batches", "2"),
        ]
    )
    (section,) = json.loads((tmp_path / "large_shop.json").read_text())[
        "sections"
    ]
    found = dict(section["rows"])
    # A user or two may have liked nothing; a like twice is one.
    assert 3900 < int(found["likes"].replace(",", "")) <= 4000
    assert int(found["weights of users by likes"].replace(",", "")) == 21_188
