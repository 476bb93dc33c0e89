"""Data sets of any size, generated: what is in them changes no time."""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec import OutfitData
from fndrec.data import from_tables
from fndrec.data.photos.image_store import ImageStore

SLOTS = 3


def outfit_data(
    *,
    items: int,
    likes: int,
    users: int = 500,
    valid: int = 100,
    slots: int = SLOTS,
    seed: int = 0,
) -> OutfitData:
    """Outfits of one item from each of some categories, liked at random.

    Args:
        items: Items in the catalogue.
        likes: Likes to train on, each of an outfit of its own.
        users: Users.
        valid: Likes to validate on.
        slots: Items of an outfit, each of another category.
        seed: Seed of the draws.

    Returns:
        The data set, without photos.
    """
    rng = np.random.default_rng(seed)
    total = likes + valid
    of_category = np.arange(items) % slots
    rows = np.stack(
        [
            rng.choice(np.flatnonzero(of_category == slot), total)
            for slot in range(slots)
        ],
        axis=1,
    )
    names = np.char.add("i", np.arange(items).astype(str))
    outfits = pa.array([f"o{i}" for i in range(total)])
    user = pa.array(
        np.char.add("u", rng.integers(users, size=total).astype(str))
    )

    def liked(start: int, stop: int) -> pa.Table:
        return pa.table(
            {
                "user_id": user[start:stop],
                "outfit_id": outfits[start:stop],
            }
        )

    return from_tables(
        pa.table(
            {
                "item_id": names,
                "category": np.char.add("c", of_category.astype(str)),
            }
        ),
        pa.table(
            {
                "outfit_id": outfits,
                "item_ids": pa.FixedSizeListArray.from_arrays(
                    pa.array(names).take(pa.array(rows.ravel())), slots
                ),
            }
        ),
        {"train": liked(0, likes), "valid": liked(likes, total)},
    )


def with_noise(
    data: OutfitData, folder: Path, size: int, seed: int = 0
) -> OutfitData:
    """Photos of noise, in a file as `with_photos` has them.

    Args:
        data: The data set.
        folder: Folder for the file, which is kept and used again.
        size: Side of the photos in pixels.
        seed: Seed of the noise.

    Returns:
        The data set with photos.
    """
    path = folder / f"noise-{data.num_items}-{size}-{seed}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npy")
        photos = np.lib.format.open_memmap(
            part, "w+", np.uint8, (data.num_items, size, size, 3)
        )
        rng = np.random.default_rng(seed)
        for start in range(0, len(photos), 1000):
            rows = photos[start : start + 1000]
            rows[:] = np.frombuffer(rng.bytes(rows.size), np.uint8).reshape(
                rows.shape
            )
        photos.flush()
        del photos
        part.rename(path)
    return dataclasses.replace(data, store=ImageStore(path))
