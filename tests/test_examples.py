"""That the examples run, as a user would run them."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

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


@pytest.mark.slow
def test_quickstart(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shown = run("quickstart.py", "--out", out, "--epochs", 1)
    for name in ("teacher", "student", "item popularity"):
        assert f"| {name}" in shown
    assert (out / "best_outfits.png").read_bytes().startswith(b"\x89PNG")


def small_shop(folder: Path) -> fndrec.SyntheticShop:
    return fndrec.SyntheticShop.generate(
        folder,
        num_users=12,
        items_per_category=12,
        likes_per_user=10,
        image_size=16,
    )


@pytest.mark.slow
def test_quickstart_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("EPOCHS", "1"),
        ("USERS", "12"),
        ("ITEMS", "12"),
        ("IMAGE_SIZE", "16"),
        ("OUT", str(tmp_path / "out")),
    ):
        monkeypatch.setenv(f"FNDREC_{name}", value)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    path = EXAMPLES / "quickstart.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources=resources
    ).execute()
    shown = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type != "stream" or output.name == "stdout"
    ]
    pictures = [one for one in shown if "image/png" in one.get("data", {})]
    assert len(pictures) == 3
    printed = "".join(one.get("text", "") for one in shown)
    assert "| student" in printed
    assert re.search(r"^\d+% of 60$", printed, re.M)
    assert (tmp_path / "out" / "export" / "1" / "saved_model.pb").is_file()


@pytest.mark.slow
def test_serving(tmp_path: Path) -> None:
    shop = small_shop(tmp_path / "shop")
    data = shop.data.with_photos(16)
    (tmp_path / "model").mkdir()
    model = fndrec.FNDTeacher.from_data(data, dim=8, width=0.05)
    model.save(tmp_path / "model" / "model.keras")
    shown = run(
        *("serving.py", "--out", tmp_path / "out", "--image-size", 16),
        *("--model", tmp_path / "model", "--data", shop.folder),
    )
    best = fndrec.recommend(
        model, data, [data.users[0]], k=3, exclude_liked=False
    )[0]
    outfits = [one.outfit_id for one in best]
    assert f"recommend: {data.users[0]}, known True: {outfits}" in shown
    assert f"by REST: {outfits}" in shown
    assert "recommend: someone new, known False" in shown
    assert "complete: " in shown


@pytest.mark.slow
def test_tuning(tmp_path: Path) -> None:
    shop = small_shop(tmp_path / "shop")
    shown = run(
        *("tuning.py", shop.folder, "--trials", 2, "--epochs", 1),
        *("--seeds", 1, "--image-size", 16),
    )
    assert re.search(r"The best on valid: 0\.\d+ with \{'dim': ", shown)
    assert re.search(r"^AUC on test: 0\.\d+", shown, re.M)
    assert "| item popularity" in shown


@pytest.mark.slow
def test_own_data(tmp_path: Path) -> None:
    shop = small_shop(tmp_path / "shop")
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
