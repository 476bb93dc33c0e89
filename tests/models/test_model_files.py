"""Model files of each version: read, or refused in a sentence.

A new version adds its file: `python tests/models/test_model_files.py`.
"""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fndrec import DataError, FNDStudent, load_model
from fndrec.data import OutfitData, from_tables
from fndrec.version import MODEL_FORMAT, __version__

FILES = Path(__file__).with_name("files")
# What the model of this version's file says of `OUTFITS`, user by user.
SCORES = FILES / f"fndrec-{__version__}.json"
OUTFITS = np.array([[[0, 2], [1, 3], [0, -1]]], np.int32)
USERS = np.array([0, 1, 2])


def shop() -> OutfitData:
    return from_tables(
        pa.table(
            {
                "item_id": ["shirt", "coat", "shoe", "boot"],
                "category": ["top", "top", "shoe", "shoe"],
            }
        ),
        pa.table(
            {"outfit_id": ["a", "b"], "item_ids": ["shirt;shoe", "coat;boot"]}
        ),
        {
            "train": pa.table(
                {"user_id": ["ann", "bob"], "outfit_id": ["a", "b"]}
            )
        },
    )


def scores_of(model: FNDStudent) -> np.ndarray:
    outfits = np.repeat(OUTFITS, len(USERS), axis=0)
    return model.score_sets(shop(), USERS, outfits)


def test_the_file_of_this_version() -> None:
    model = load_model(FILES / f"fndrec-{__version__}.keras")
    expected = json.loads(SCORES.read_text())
    np.testing.assert_allclose(scores_of(model), expected, atol=1e-5)
    assert model.vocabulary.users.to_list() == ["ann", "bob"]


def test_files_are_small() -> None:
    names = {path.name for path in FILES.glob("*.keras")}
    assert {"fndrec-0.1.0.keras", f"fndrec-{__version__}.keras"} <= names
    for path in FILES.iterdir():
        assert path.stat().st_size < 200_000


def test_a_file_without_a_version() -> None:
    path = FILES / "fndrec-0.1.0.keras"
    with pytest.raises(DataError) as error:
        load_model(path)
    assert str(error.value) == (
        f"{path}: should be written by a version of fndrec whose files fndrec "
        f"{__version__} reads. Received: a file of a version before 0.2.0; "
        "train the model anew, or use the version that wrote it"
    )


def test_a_file_of_a_later_version(tmp_path: Path) -> None:
    path = tmp_path / "later.keras"
    with (
        zipfile.ZipFile(FILES / f"fndrec-{__version__}.keras") as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "assets/fndrec.json":
                later = {"version": "9.1.0", "format": MODEL_FORMAT + 1}
                content = json.dumps(later).encode()
            new.writestr(name, content)
    with pytest.raises(DataError, match=r"Received: a file of 9\.1\.0;"):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"{}"])
def test_what_is_no_model_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(f"{path}: should be a")):
        load_model(path)


def main() -> None:
    """Writes the file of this version."""
    model = FNDStudent.from_data(shop(), dim=8, num_blocks=1, num_heads=2)
    model.save(FILES / f"fndrec-{__version__}.keras")
    SCORES.write_text(json.dumps(scores_of(model).tolist()) + "\n")


if __name__ == "__main__":
    main()
