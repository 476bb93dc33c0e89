import errno
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fndrec import DataError
from fndrec.files import (
    atomic_folder,
    atomic_path,
    atomic_write,
    named_errors,
)

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
    path = tmp_path / "a" / "deeper" / "b.txt"
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


def fail_while_filling(path: Path) -> None:
    with atomic_folder(path):
        # Whatever a killed run left, the old folder is back by now.
        assert (path / "a.txt").read_text() == "old"
        raise RuntimeError("stops here")


def test_a_run_killed_between_the_two_renames(tmp_path: Path) -> None:
    """The old folder is aside, and nothing has the name."""
    path = tmp_path / "model"
    fill(path, "old")
    path.rename(tmp_path / ".model.old")
    with pytest.raises(RuntimeError, match="stops here"):
        fail_while_filling(path)
    assert (path / "a.txt").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_aside_goes_where_the_new_one_is_there(tmp_path: Path) -> None:
    """A kill after the second rename: the new folder has the name."""
    path, old = tmp_path / "model", tmp_path / ".model.old"
    fill(path, "new")
    old.mkdir()
    (old / "a.txt").write_text("old")
    fill(path, "newest")
    assert (path / "a.txt").read_text() == "newest"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_second_rename_brings_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    fill(path, "old")
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if self.name == ".model.partial":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="No space left"):
        fill(path, "new")
    monkeypatch.undo()
    assert (path / "a.txt").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_without_an_old_folder_a_failed_rename_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="No space left"):
        fill(tmp_path / "model", "new")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "folder"
    with atomic_folder(path) as scratch:
        (scratch / "file").write_text("done")
    assert (path / "file").read_text() == "done"


def test_errors_name_the_path_unless_they_name_one(tmp_path: Path) -> None:
    def raised(error: OSError) -> OSError:
        with (
            pytest.raises(OSError, match=r"No |The ") as caught,
            named_errors(tmp_path / "new"),
        ):
            raise error
        return caught.value

    full = raised(OSError(errno.ENOSPC, "No space left on device"))
    assert (full.errno, full.filename) == (errno.ENOSPC, str(tmp_path / "new"))
    other = OSError(errno.ENOENT, "No such file", "elsewhere")
    assert raised(other) is other
    plain = OSError("The library says no more")
    assert raised(plain) is plain
