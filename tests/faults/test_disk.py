"""A disk that is full, read-only or another's: what was there stays."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from small_disk import SmallDisk, small_disk
from tiny_models import tiny_teacher

from fndrec import OutfitIndex, export
from fndrec.callbacks import TrainingBackup
from fndrec.data import ImageStore, OutfitData, from_tables, write_csv
from fndrec.errors import DataError
from fndrec.files import atomic_folder, atomic_path
from fndrec.models import FNDTeacher

Write = Callable[[Path], object]


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    # Not in pytest's folder, which others may not look into.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        place = Path(folder) / "disk"
        place.mkdir()
        with small_disk(place) as disk:
            yield disk


FAULTS: dict[str, tuple[Callable[[SmallDisk], Any], str]] = {
    "full": (lambda disk: disk.full(), "No space left|needs .* MB"),
    "nearly full": (
        lambda disk: disk.full(left=20_000),
        "No space left|needs .* MB",
    ),
    "read-only": (lambda disk: disk.read_only(), "Read-only file system"),
    "denied": (lambda disk: disk.denied(), "Permission denied"),
}


def image_store(_: OutfitData, __: FNDTeacher) -> Write:
    """Photos of which one changes, decoded anew each time."""
    photos = Path(tempfile.mkdtemp())
    photos.chmod(0o777)

    def write(folder: Path) -> object:
        seed = sum(1 for _ in photos.iterdir())
        pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3))
        Image.fromarray(pixels.astype("uint8")).save(photos / f"{seed}.png")
        names = sorted(path.name for path in photos.iterdir())
        return ImageStore.build(names, photos, 64, cache_dir=folder)

    return write


def checkpoint(data: OutfitData, _: FNDTeacher) -> Write:
    model = tiny_teacher(data)
    model.compile(keras.optimizers.Adam(1e-2))
    model.optimizer.build(model.trainable_variables)

    def write(folder: Path) -> None:
        backup = TrainingBackup(folder)
        backup.set_model(model)
        # What `fit` calls after an epoch.
        backup.on_epoch_end(backup.epoch, {"loss": 1.0})

    return write


def model_folder(_: OutfitData, model: FNDTeacher) -> Write:
    def write(folder: Path) -> None:
        with atomic_folder(folder / "model") as draft:
            model.save(draft / "model.keras")
            (draft / "random").write_bytes(np.random.default_rng().bytes(100))

    return write


def saved_model(data: OutfitData, model: FNDTeacher) -> Write:
    return lambda folder: export(model, folder, data)


def index(data: OutfitData, model: FNDTeacher) -> Write:
    made = OutfitIndex.from_model(model, data)
    return lambda folder: made.save(folder / "index")


def tables(_: OutfitData, __: FNDTeacher) -> Write:
    ids = [f"item {row}" for row in range(5000)]
    data = from_tables(
        pa.table({"item_id": ids}),
        pa.table({"outfit_id": ids, "item_ids": [[one] for one in ids]}),
        {"train": pa.table({"user_id": ids, "outfit_id": ids})},
    )
    return lambda folder: write_csv(data, folder)


def parquet(data: OutfitData, _: FNDTeacher) -> Write:
    def write(folder: Path) -> None:
        numbers = np.random.default_rng().random(40_000)
        with atomic_path(folder / "scores.parquet") as draft:
            pq.write_table(pa.table({"score": numbers}), draft)

    return write


def digest(folder: Path) -> dict[str, str]:
    """What each file holds; locks are no content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


@pytest.mark.parametrize(
    "make",
    [
        *(image_store, checkpoint, model_folder, index, tables, parquet),
        pytest.param(saved_model, marks=pytest.mark.slow),
    ],
)
def test_what_was_there_stays(
    disk: SmallDisk,
    tiny_photo_data: OutfitData,
    exported_model: FNDTeacher,
    make: Callable[[OutfitData, FNDTeacher], Write],
) -> None:
    write = make(tiny_photo_data, exported_model)
    folder = disk.path / make.__name__
    write(folder)
    before = digest(folder)
    assert before
    for name, (fault, reason) in FAULTS.items():
        fails: AbstractContextManager[Any] = fault(disk)
        with (
            fails,
            pytest.raises((DataError, OSError), match=reason) as error,
        ):
            write(folder)
        assert str(folder) in str(error.value), name
        assert digest(folder) == before, name
    # And once there is room again, all is well.
    write(folder)
    after = digest(folder)
    if make in (tables, index):
        assert after == before
    elif make in (model_folder, parquet):
        assert after.keys() == before.keys()
        assert after != before
    else:
        # Names say of which photos, epoch or version.
        assert after.keys() != before.keys()
        assert len(after) >= len(before)
