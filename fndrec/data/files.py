"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that becomes `path` if all goes well.

    Args:
        path: The file to write; its folder is made if missing.

    Yields:
        The name to write to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def atomic_write(path: Path, text: str) -> None:
    """Writes a text file under a temporary name, then renames it.

    Args:
        path: The file.
        text: What it shall hold.
    """
    with atomic_path(path) as draft:
        draft.write_text(text, encoding="utf-8")
