"""Whole catalogues: embedded, recommended for, stopped and taken up."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fndrec import DataError
from fndrec.cli.main import main
from fndrec.data import OutfitData
from fndrec.distributed import Workers, embed_catalogue, recommend_all
from fndrec.models import FNDTeacher

HERE = Workers(actors=0)


@pytest.fixture(scope="module")
def catalogue(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The 40 items of the shop, two row groups, and six that are bad."""
    data = tiny_photo_data
    assert data.photo_root is not None
    assert data.photos is not None
    assert data.features is not None
    root = tmp_path_factory.mktemp("catalogue")
    (root / "photos").symlink_to(data.photo_root)
    (root / "torn.png").write_bytes(
        (data.photo_root / "0.png").read_bytes()[:90]
    )
    (root / "text.png").write_text("no photo")
    (root / "empty.jpg").write_bytes(b"")
    ids = data.items.to_list()
    images: list[str | None] = [
        f"photos/{name}" for name in data.photos.to_pylist()
    ]
    features = [row.tolist() for row in data.features]
    bad = {
        "torn": "torn.png",
        "text": "text.png",
        "empty": "empty.jpg",
        "missing": "nowhere.png",
        "outside": "../../etc/passwd",
        "none": None,
    }
    for place, (name, image) in enumerate(bad.items()):
        ids.insert(7 * place, name)
        images.insert(7 * place, image)
        features.insert(7 * place, [0.0] * 6)
    ids.append("short")
    images.append(images[-1])
    features.append([0.0] * 5)
    path = root / "catalogue.parquet"
    known = {item: row for row, item in enumerate(data.items.to_list())}
    assert data.categories is not None
    assert data.item_category is not None
    names = data.categories.to_list()
    categories = [
        names[data.item_category[known[item]]] if item in known else None
        for item in ids
    ]
    table = pa.table(
        {
            "item_id": ids,
            "image": images,
            "feature": features,
            "category": pa.array(categories, pa.string()),
            "price": np.arange(len(ids)),
        }
    )
    pq.write_table(table, path, row_group_size=24)
    # Photos lie behind a link, so that paths start where it leads.
    return path


@pytest.fixture(scope="module")
def flat(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the bytes of the photos in the file itself."""
    table = pq.read_table(catalogue)
    contents = []
    for name in table["image"].to_pylist():
        path = catalogue.parent / str(name)
        inside = name is not None and ".." not in name and path.exists()
        contents.append(path.read_bytes() if inside else None)
    path = tmp_path_factory.mktemp("flat") / "catalogue.parquet"
    at = table.schema.get_field_index("image")
    pq.write_table(table.set_column(at, "image", pa.array(contents)), path)
    return path


def rows_of(out: Path) -> pa.Table:
    return pq.read_table(out / "rows")


def bad_of(out: Path) -> dict[str, str]:
    with (out / "bad.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row["reason"] for row in csv.DictReader(file)}


def check_vectors(out: Path, model: FNDTeacher, data: OutfitData) -> None:
    """All good items, in order, each once, as the model itself embeds them."""
    table = rows_of(out)
    assert table["item_id"].to_pylist() == data.items.to_list()
    found = np.array(table["embedding"].to_pylist(), np.float32)
    np.testing.assert_allclose(found, model.embed_items(data), atol=1e-5)


def test_embed(
    flat: Path,
    exported: Path,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
) -> None:
    done = embed_catalogue(
        flat, exported.parent, tmp_path / "out", rows_per_part=10, workers=HERE
    )
    assert (done.good, done.bad, done.new) == (40, 7, 47)
    check_vectors(tmp_path / "out", exported_model, tiny_photo_data)
    assert sorted(bad_of(tmp_path / "out")) == [
        *("empty", "missing", "none", "outside", "short", "text", "torn")
    ]
    again = embed_catalogue(
        flat, exported.parent, tmp_path / "out", rows_per_part=10, workers=HERE
    )
    assert (again.good, again.bad, again.new) == (40, 7, 0)
    # What is missing is done, nothing else.
    (tmp_path / "out" / "rows" / "part-000003.parquet").unlink()
    (tmp_path / "out" / "rows" / ".part-000003.parquet.1").write_text("half")
    again = embed_catalogue(
        flat, exported.parent, tmp_path / "out", rows_per_part=10, workers=HERE
    )
    assert (again.good, again.bad, again.new) == (40, 7, 10)
    check_vectors(tmp_path / "out", exported_model, tiny_photo_data)


def test_reasons(
    catalogue: Path,
    exported: Path,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
) -> None:
    """Photos read from files: the shop's own lie elsewhere, behind a link."""
    root = tiny_photo_data.photo_root
    assert root is not None
    done = embed_catalogue(
        catalogue, exported.parent, tmp_path / "out", workers=HERE
    )
    assert (done.good, done.bad) == (0, 47)
    reasons = bad_of(tmp_path / "out")
    outside = "outside of the folder of the photos"
    assert reasons["item3"] == f"photos/3.png: {outside}"
    assert reasons["outside"] == f"../../etc/passwd: {outside}"
    assert reasons["missing"] == "nowhere.png: no such file"
    assert reasons["none"] == "no photo"
    assert reasons["empty"] == "photo: empty"
    assert reasons["text"] == "photo: not a readable JPEG, PNG or BMP file"
    assert reasons["torn"] == "photo: damaged"
    assert reasons["short"] == "feature: 6 floats expected, got 5"
    table = pq.read_table(catalogue)
    at = table.schema.get_field_index("image")
    names = [f"{row}.png" for row in range(40)]
    good = pa.compute.is_in(
        table["item_id"], pa.array(tiny_photo_data.items.to_list())
    )
    table = table.filter(good).set_column(at, "image", pa.array(names))
    pq.write_table(table, tmp_path / "inside.parquet")
    done = embed_catalogue(
        tmp_path / "inside.parquet",
        exported,
        tmp_path / "vectors",
        photo_root=root,
        workers=HERE,
    )
    assert (done.good, done.bad) == (40, 0)
    check_vectors(tmp_path / "vectors", exported_model, tiny_photo_data)


def test_recommend_all(
    exported: Path, loaded: Any, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    users = [*tiny_photo_data.users.to_list(), "stranger"]
    path = tmp_path / "users"
    path.mkdir()
    pq.write_table(pa.table({"user_id": users[:9]}), path / "a.parquet")
    pq.write_table(
        pa.table({"user_id": pa.array([None, *users[9:]])}), path / "b.parquet"
    )
    done = recommend_all(
        exported.parent,
        path,
        tmp_path / "out",
        k=3,
        rows_per_part=4,
        workers=HERE,
    )
    assert (done.good, done.bad) == (len(users), 1)
    table = rows_of(tmp_path / "out")
    assert table["user_id"].to_pylist() == users
    expected = loaded.signatures["recommend"](
        user_id=np.array(users, object), k=np.full(len(users), 3, np.int32)
    )
    assert table["known"].to_pylist() == expected["known"].numpy().tolist()
    assert table["known"][0].as_py() is True
    assert table["known"][-1].as_py() is False
    assert table["outfit_id"].to_pylist() == [
        [name.decode() for name in row] for row in expected["outfit_id"].numpy()
    ]
    np.testing.assert_allclose(
        np.array(table["score"].to_pylist()), expected["score"], rtol=1e-5
    )
    with (tmp_path / "out" / "bad.csv").open(encoding="utf-8") as file:
        assert file.read().splitlines() == [
            "file,row,id,reason",
            "b.parquet,0,,user_id: missing",
        ]


def test_refusals(flat: Path, exported: Path, tmp_path: Path) -> None:
    export = exported.parent

    def embed(catalogue: Path, out: Path, **kwargs: Any) -> None:
        embed_catalogue(catalogue, export, out, workers=HERE, **kwargs)

    with pytest.raises(DataError, match=r"nowhere.*Parquet"):
        embed(tmp_path / "nowhere", tmp_path / "out")
    text = tmp_path / "text.parquet"
    text.write_text("item_id")
    with pytest.raises(DataError, match=r"text\.parquet: should be a Parquet"):
        embed(text, tmp_path / "out")
    few = tmp_path / "few.parquet"
    pq.write_table(
        pa.table(
            {
                "item_id": ["a"],
                "image": [1],
                "feature": [[0.0]],
                "category": ["top"],
            }
        ),
        few,
    )
    with pytest.raises(DataError, match="column `image` should be of strings"):
        embed(few, tmp_path / "out")
    with pytest.raises(DataError, match="should have a column `user_id`"):
        recommend_all(export, few, tmp_path / "out", workers=HERE)
    with pytest.raises(DataError, match="no version in it"):
        embed_catalogue(flat, tmp_path, tmp_path / "out", workers=HERE)
    with pytest.raises(ValueError, match="`batch_size` should be a positive"):
        embed(flat, tmp_path / "out", batch_size=0)
    with pytest.raises(ValueError, match="`actors` should be a non-neg"):
        Workers(actors=-1)
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match=r"new or an empty folder"):
        embed(flat, tmp_path / "full")
    embed(flat, tmp_path / "out")
    with pytest.raises(DataError, match=r"holds results of .*another folder"):
        embed(flat, tmp_path / "out", rows_per_part=5)


def test_command_without_ray(
    flat: Path,
    exported: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(
        [
            *("embed", str(flat), "--export", str(exported.parent)),
            *("--out", str(tmp_path / "out"), "--actors", "0"),
        ]
    )
    assert code == 0
    shown = capsys.readouterr().out
    assert "40 rows are in" in shown
    assert "7 rows could not be used" in shown
    assert (tmp_path / "out" / "run.json").exists()


@pytest.mark.slow
def test_actors_taken_up_after_a_kill(
    flat: Path,
    exported: Path,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
) -> None:
    """Two actors, killed with all that they run in, once they have begun."""
    pytest.importorskip("ray", reason="pip install 'fndrec[ray]'")
    out = tmp_path / "out"
    command = [
        *(sys.executable, "-m", "fndrec", "embed", str(flat)),
        *("--export", str(exported.parent), "--out", str(out)),
        *("--actors", "2", "--rows-per-part", "1"),
    ]
    started = subprocess.Popen(command, start_new_session=True)
    rows = out / "rows"
    deadline = time.monotonic() + 300
    while not (rows.is_dir() and len(list(rows.glob("part-*"))) >= 3):
        assert started.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    before = {path.name for path in rows.glob("part-*")}
    assert len(before) < 47
    times = {name: (rows / name).stat().st_mtime_ns for name in before}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=500
    )
    check_vectors(out, exported_model, tiny_photo_data)
    assert len(bad_of(out)) == 7
    # An actor may have finished its part before it, too, was gone.
    new = int(done.stdout.split(" rows were new")[0].split()[-1])
    assert 47 - len(before) - 2 <= new <= 47 - len(before)
    for name, written in times.items():
        assert (rows / name).stat().st_mtime_ns == written
