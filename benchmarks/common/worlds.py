"""The data sets of the study, with likes held out from every choice."""

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from benchmarks.common.photo_features import photo_features
from fndrec import OutfitData, SyntheticShop
from fndrec.data import Likes, load_data
from fndrec.data.synthetic.synthetic_truth import SyntheticTruth

IMAGE_SIZE = 64
HELD_OUT = 0.1
"""Share of the train likes kept for the end, where there is no test split."""
NOISE = 0.3
"""Deviation of the noise on the attributes of items with known features."""
CATALOGUE = 1333
"""Outfits in the catalogue of a shop, whatever share of them is liked."""


@dataclass(frozen=True)
class World:
    """A data set: `train` to learn, `valid` to choose, `test` for the end.

    Attributes:
        name: Its name.
        data: The data set, photos loaded.
        truth: What the users truly like, if that is known.
    """

    name: str
    data: OutfitData
    truth: SyntheticTruth | None = None

    @property
    def sees_photos(self) -> bool:
        """Whether models look at photos, not at ready features."""
        return self.data.store is not None


@dataclass(frozen=True)
class Places:
    """Where things are.

    Attributes:
        out: Folder of the study.
        wardrobe: Folder of the data set `wardrobe`.
        polyvore: Folder of the data set `polyvore_u`.
    """

    out: Path
    wardrobe: Path | None = None
    polyvore: Path | None = None


@functools.lru_cache(maxsize=2)
def load_world(name: str, places: Places) -> World:
    """Loads or makes a world.

    Args:
        name: `wardrobe` or `shop-SEED`, either with `-features` for items of
            known features in place of photos; `shop-SEED-SHARE-features` for
            a shop whose users like that share of all outfits; `polyvore_u`.
        places: Where things are.

    Returns:
        The world.
    """
    kind, *rest = name.split("-")
    features = bool(rest) and rest[-1] == "features"
    if kind == "polyvore_u":
        assert places.polyvore is not None
        return World(name, hold_out(load_data(places.polyvore)))
    if kind == "wardrobe":
        assert places.wardrobe is not None
        data = hold_out(load_data(places.wardrobe))
        data = data.with_photos(IMAGE_SIZE, cache_dir=places.out / "photos")
        if features:
            assert data.store is not None
            found = photo_features(
                data.store.gather(np.arange(len(data.store)))
            )
            data = dataclasses.replace(data, features=found, store=None)
        return World(name, data)
    share = float(rest[1]) if len(rest) == 3 else 0.1
    shop = make_shop(places.out / "shops", int(rest[0]), share)
    data = shop.data
    if features:
        rng = np.random.default_rng(int(rest[0]))
        seen = shop.truth.attributes
        seen = seen + NOISE * rng.normal(size=seen.shape)
        data = dataclasses.replace(data, features=seen.astype(np.float32))
    else:
        data = data.with_photos(IMAGE_SIZE, cache_dir=places.out / "photos")
    return World(name, data, shop.truth)


def make_shop(folder: Path, seed: int, share: float) -> SyntheticShop:
    """A generated shop, made if it is not there."""
    path = folder / f"{seed}-{share:g}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{path.name}.lock"):
        if path.exists():
            return SyntheticShop.open(path)
        observed = min(1.0, 40 / CATALOGUE / share)
        return SyntheticShop.generate(
            path, observed=observed, liked=share, seed=seed
        )


def hold_out(data: OutfitData, seed: int = 0) -> OutfitData:
    """Takes likes out of `train` for a split `test`.

    Args:
        data: The data set.
        seed: Seed of the draw.

    Returns:
        The data set; each user keeps a like or more in `train`.
    """
    train = data.likes("train")
    rng = np.random.default_rng((seed, len(train)))
    order = np.lexsort((rng.random(len(train)), train.user))
    user = train.user[order]
    count = np.bincount(user)
    start = np.cumsum(count) - count
    rank = np.arange(len(user)) - start[user]
    taken = rank < np.floor(HELD_OUT * count[user] + 0.5)
    taken &= rank < count[user] - 1
    test, kept = np.sort(order[taken]), np.sort(order[~taken])
    splits = {
        **data.splits,
        "train": Likes(train.user[kept], train.outfit[kept]),
        "test": Likes(train.user[test], train.outfit[test]),
    }
    # The vocabulary is that of the smaller `train`.
    return dataclasses.replace(
        data,
        splits=splits,
        vocabulary=None,  # type: ignore[arg-type]
    )
