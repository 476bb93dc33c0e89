import re
import subprocess
import sys
from pathlib import Path

import pytest

from fndrec import DataError
from fndrec.files import atomic_folder, atomic_path, atomic_write

FILLING = """
import sys, time
from pathlib import Path
from fndrec.files import atomic_folder
with atomic_folder(Path(sys.argv[1])) as draft:
    (draft / "a.txt").write_text("first")
    print("filling", flush=True)
    time.sleep(600)
"""


def test_writes_a_file_and_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    atomic_write(path, "one é")
    assert path.read_text(encoding="utf-8") == "one é"
    atomic_write(path, "two")
    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]


def test_the_file_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    with atomic_path(path) as draft:
        assert draft.parent == path.parent
        draft.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"


def fail_while_writing(path: Path) -> None:
    with atomic_path(path) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("old", [None, "old"])
def test_a_failure_leaves_the_old_file(tmp_path: Path, old: str | None) -> None:
    path = tmp_path / "b.txt"
    if old is not None:
        path.write_text(old)
    with pytest.raises(KeyboardInterrupt):
        fail_while_writing(path)
    assert [p.read_text() for p in tmp_path.iterdir()] == [old] * bool(old)


def fill(path: Path, text: str) -> None:
    with atomic_folder(path) as draft:
        (draft / "a.txt").write_text(text)


def test_one_process_fills_a_folder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "model"
    fill(path, "old")
    with subprocess.Popen(
        [sys.executable, "-c", FILLING, str(path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "filling\n"
            with pytest.raises(DataError, match=re.escape(f"{path}: should")):
                fill(path, "second")
            assert (path / "a.txt").read_text() == "old"
            draft = tmp_path / ".model.partial" / "a.txt"
            assert draft.read_text() == "first"
        finally:
            other.kill()
    fill(path, "third")  # what a killed process leaves is in no one's way
    assert (path / "a.txt").read_text() == "third"
    assert list(tmp_path.iterdir()) == [path]
