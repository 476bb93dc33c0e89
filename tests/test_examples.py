"""That the examples run, as a user would run them."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import fndrec

EXAMPLES = Path(fndrec.__file__).parent.parent / "examples"


def run(script: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_quickstart(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shown = run("quickstart.py", "--out", out, "--epochs", 1)
    for name in ("teacher", "student", "item popularity"):
        assert f"| {name}" in shown
    assert (out / "best_outfits.png").read_bytes().startswith(b"\x89PNG")


def test_own_data(tmp_path: Path) -> None:
    shop = fndrec.SyntheticShop.generate(
        tmp_path / "shop",
        num_users=12,
        items_per_category=12,
        likes_per_user=10,
        image_size=16,
    )
    out = tmp_path / "best.csv"
    with (shop.folder / "train.csv").open("a", encoding="utf-8") as file:
        file.write("someone,no-such-outfit\n")
    run(
        *("own_data.py", shop.folder, "--out", out, "--epochs", 1),
        *("--image-size", 16, "--per-user", 3),
    )
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 12
    assert {row["user_id"] for row in rows} == set(shop.data.users)
    best = rows[0]
    outfit = int(shop.data.outfits.rows([best["outfit_id"]])[0])
    assert best["item_ids"].split(";") == shop.data.outfit_item_ids(outfit)
    assert float(best["score"]) >= float(rows[1]["score"])
