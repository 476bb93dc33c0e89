"""Processes that share an image store."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fndrec.data.photos.decode import read_photo
from fndrec.data.photos.image_store import ImageStore

COUNT = 60

# Prints how many photos it decoded itself.
BUILD = """
    import sys, time
    from pathlib import Path
    from fndrec.data.photos import image_store

    read, decoded = image_store.read_photo, []

    def slow(path, size):
        time.sleep(0.02)
        decoded.append(path)
        return read(path, size)

    image_store.read_photo = slow
    root = Path(sys.argv[1])
    names = [f"{n}.png" for n in range(int(sys.argv[2]))]
    Path(sys.argv[3]).touch()
    while not (root / "go").exists():
        time.sleep(0.001)
    store = image_store.ImageStore.build(names, root, size=8, workers=2)
    print(len(decoded), store.path)
"""


def photo(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (20, 20, 3))
    Image.fromarray(pixels.astype("uint8")).save(path)


def builders(root: Path, count: int) -> list[subprocess.Popen[str]]:
    """Processes that begin to build at the same moment."""
    ready = [root / f"ready{number}" for number in range(count)]
    started = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", textwrap.dedent(BUILD)),
                *(str(root), str(COUNT), str(mark)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        for mark in ready
    ]
    until = time.monotonic() + 240
    while not all(mark.exists() for mark in ready):
        assert time.monotonic() < until
        assert all(process.poll() is None for process in started)
        time.sleep(0.01)
    (root / "go").touch()
    return started


@pytest.mark.slow
def test_two_build_and_one_reads(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(COUNT)]
    for number, name in enumerate(names):
        photo(tmp_path / name, number)
    old = ImageStore.build(names, tmp_path, size=8)
    expected = old.gather(np.arange(COUNT))
    # Another photo makes another store, which takes the place of this one.
    photo(tmp_path / names[0], 99)

    started = builders(tmp_path, 2)
    reads = 0
    while any(process.poll() is None for process in started):
        rows = np.random.default_rng(reads).integers(0, COUNT, 16)
        np.testing.assert_array_equal(old.gather(rows), expected[rows])
        reads += 1
        time.sleep(0.001)
    assert reads > 10
    answers = [process.communicate()[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    # One of them did all the work.
    assert sorted(int(count) for count, _ in answers) == [0, COUNT]
    assert answers[0][1] == answers[1][1] != str(old.path)
    new = ImageStore(Path(answers[0][1]))
    for row, name in enumerate(names):
        np.testing.assert_array_equal(
            new.gather(np.array([row]))[0], read_photo(tmp_path / name, 8)
        )
    # Who has the old one open goes on reading it, though it is deleted.
    assert not old.path.exists()
    np.testing.assert_array_equal(old.gather(np.arange(COUNT)), expected)
