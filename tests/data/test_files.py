from pathlib import Path

import pytest

from fndrec.data import atomic_path, atomic_write


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
