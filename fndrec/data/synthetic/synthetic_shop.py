"""A shop with planted tastes: photos, likes and the truth."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from fndrec.checks import fraction, integer
from fndrec.data.outfit_data import OutfitData
from fndrec.data.readers.tables.csv import read_csv
from fndrec.data.synthetic._garments import (
    CATEGORIES,
    PATTERNS,
    Look,
    draw_garment,
)
from fndrec.data.synthetic.synthetic_truth import (
    SyntheticTruth,
    outfit_attributes,
)
from fndrec.errors import DataError

MISTAKEN = 0.02
"""Share of the observed likes that are none."""

TEMPLATES = {(0, 1): 0.25, (0, 1, 2): 0.3, (0, 1, 3): 0.15, (0, 1, 2, 3): 0.3}
"""Categories that make an outfit, and how common that is."""

# Attributes: colour (2 axes), lightness, saturation, strength and frequency
# of the pattern, length. What a user cares about:
CARE = np.array([1.0, 1.0, 0.9, 0.6, 0.8, 0.4, 0.7])
# Like hues go together, as do light with dark and patterned with plain.
HARMONY = 0.3 * np.array([0.8, 0.8, -0.5, 0.0, -0.5, 0.0, 0.0])
OWN_HARMONY = 0.08  # spread of the users' own part

SPLITS = {"valid": 0.15, "test": 0.15}  # the rest is train

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class SyntheticShop:
    """A shop whose users' tastes are known.

    Garments are drawn; each user has a taste for what can be seen (colour,
    lightness, pattern, length) and for what goes together. Likes show a
    part of what is truly liked in a catalogue shared by all users, so that
    unliked outfits hold false negatives, and `truth` tells which.

    Args:
        folder: Where the shop lies, in the layout `read_csv`
            reads, with the truth in `truth.npz`.
        data: The shop as a recommender sees it.
        truth: The tastes behind it, by the rows of `data`.

    Example:

    >>> shop = SyntheticShop.generate("shop", num_users=20)
    >>> likes = shop.data.likes("test")
    >>> outfits = shop.data.outfit_items[likes.outfit]
    >>> shop.truth.liked(likes.user, outfits).mean() > 0.9
    True
    """

    folder: Path
    data: OutfitData
    truth: SyntheticTruth

    @classmethod
    def generate(
        cls,
        folder: str | os.PathLike[str],
        num_users: int = 80,
        items_per_category: int = 100,
        likes_per_user: int = 40,
        image_size: int = 64,
        observed: float = 0.3,
        liked: float = 0.1,
        seed: int = 0,
    ) -> SyntheticShop:
        """Makes a shop, the same one for the same arguments.

        Args:
            folder: Where to write it; made if missing, else empty.
            num_users: Number of users.
            items_per_category: Number of tops, of bottoms, of shoes and of
                bags.
            likes_per_user: Number of observed likes of each user: 70% in
                train, 15% in valid, 15% in test.
            image_size: Height and width of the photos.
            observed: Share of the outfits truly liked in the catalogue that
                shows in the likes. The catalogue is made as large as that
                takes.
            liked: Share of all outfits that a user truly likes, hence of
                false negatives among outfits drawn at random.
            seed: Seed of everything.

        Returns:
            The shop.

        Raises:
            DataError: If an argument is out of its range or the folder is
                not empty.
        """
        num_users = integer("num_users", num_users, 1)
        items_per_category = integer(
            "items_per_category", items_per_category, 2
        )
        likes_per_user = integer("likes_per_user", likes_per_user, 5)
        image_size = integer("image_size", image_size, 16)
        seed = integer("seed", seed, 0)
        observed = fraction("observed", observed, zero=False)
        liked = fraction("liked", liked, zero=False, one=False)
        folder = Path(folder)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise DataError(f"{folder} should be a new or an empty folder.")

        rng = np.random.default_rng(seed)
        looks = _looks(len(CATEGORIES) * items_per_category, rng)
        categories = [c for c in CATEGORIES for _ in range(items_per_category)]
        wanted = round(likes_per_user / liked / observed)
        outfits = _outfits(wanted, items_per_category, rng)
        truth = _truth(looks, num_users, items_per_category, liked, rng)
        likes = _likes(truth, outfits, likes_per_user, rng)

        # Written under another name, so that a shop is whole or not there.
        part = folder.with_name(f".{folder.name}.fndrec-part")
        shutil.rmtree(part, ignore_errors=True)
        (part / "images").mkdir(parents=True)
        photos = []
        for item, category, look in zip(
            truth.items, categories, looks, strict=True
        ):
            photos.append(f"images/{item}.jpg")
            photo = draw_garment(category, look, image_size, rng)
            Image.fromarray(photo).save(part / photos[-1], quality=90)
        _write_tables(part, truth, categories, photos, outfits, likes)
        truth.save(part / "truth.npz")
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> SyntheticShop:
        """Reads a shop made before.

        Args:
            folder: Where it lies.

        Raises:
            DataError: If there is no synthetic shop.
        """
        folder = Path(folder)
        data = read_csv(folder)
        truth = SyntheticTruth.load(folder / "truth.npz").aligned(data)
        return cls(folder, data, truth)


def _looks(count: int, rng: np.random.Generator) -> list[Look]:
    looks = []
    for _ in range(count):
        # A third of all garments is plain.
        pattern = PATTERNS[rng.choice(4, p=[0.34, 0.22, 0.22, 0.22])]
        looks.append(
            Look(
                hue=rng.random(),
                saturation=rng.random(),
                lightness=rng.random(),
                pattern=pattern,
                strength=0.0 if pattern == "plain" else rng.uniform(0.4, 1),
                frequency=rng.random(),
                length=rng.random(),
            )
        )
    return looks


def _truth(
    looks: list[Look],
    num_users: int,
    items_per_category: int,
    liked: float,
    rng: np.random.Generator,
) -> SyntheticTruth:
    """Plants the tastes."""
    attributes = np.array(
        [
            (
                look.saturation * np.cos(2 * np.pi * look.hue),
                look.saturation * np.sin(2 * np.pi * look.hue),
                look.lightness,
                look.saturation,
                look.strength,
                # Only a pattern has a frequency.
                (look.frequency - 0.5) * (look.strength > 0),
                look.length,
            )
            for look in looks
        ]
    )
    attributes -= attributes.mean(axis=0)
    attributes /= attributes.std(axis=0) + 1e-9
    taste = rng.normal(size=(num_users, len(CARE))) * CARE
    taste /= np.linalg.norm(taste, axis=1, keepdims=True)
    own = rng.normal(size=taste.shape) * OWN_HARMONY
    harmony = HARMONY + own * (HARMONY != 0)

    sample = _random_outfits(5000, items_per_category, rng)
    alone, together = outfit_attributes(attributes, sample)
    utility = taste @ alone.T + harmony @ together.T
    return SyntheticTruth(
        users=np.array(_ids("u", num_users)),
        items=np.array(
            [i for c in CATEGORIES for i in _ids(c, items_per_category)]
        ),
        attributes=attributes,
        taste=taste,
        harmony=harmony,
        threshold=np.quantile(utility, 1 - liked, axis=1),
    )


def _random_outfits(
    count: int, items_per_category: int, rng: np.random.Generator
) -> IntArray:
    """Outfits `(count, categories)`: item rows, padded with -1 at the end."""
    templates = np.full((len(TEMPLATES), len(CATEGORIES)), -1)
    for row, categories in enumerate(TEMPLATES):
        templates[row, : len(categories)] = categories
    rows = rng.choice(len(TEMPLATES), count, p=list(TEMPLATES.values()))
    category = templates[rows]
    item = rng.integers(items_per_category, size=category.shape)
    return np.where(
        category < 0, -1, category * items_per_category + item
    ).astype(np.int32)


def _outfits(
    count: int, items_per_category: int, rng: np.random.Generator
) -> IntArray:
    """A catalogue of distinct outfits, in random order."""
    drawn = _random_outfits(3 * count, items_per_category, rng)
    _, first = np.unique(drawn, axis=0, return_index=True)
    if len(first) < count:
        raise DataError(
            "`items_per_category` should be large enough for a catalogue of "
            f"{count} outfits. Received: items_per_category="
            f"{items_per_category}"
        )
    return drawn[np.sort(first)[:count]]


def _likes(
    truth: SyntheticTruth,
    outfits: IntArray,
    likes_per_user: int,
    rng: np.random.Generator,
) -> list[npt.NDArray[np.intp]]:
    """Outfit rows that each user is seen to like, in random order.

    Which of the outfits truly liked are seen is left to chance.
    """
    alone, together = outfit_attributes(truth.attributes, outfits)
    utility = truth.taste @ alone.T + truth.harmony @ together.T
    chance = rng.random(utility.shape)
    mistaken = rng.binomial(likes_per_user, MISTAKEN, len(utility))
    likes = []
    for row, liked in enumerate(utility > truth.threshold[:, None]):
        order = np.argsort(chance[row])
        true = order[liked[order]][: likes_per_user - mistaken[row]]
        false = order[~liked[order]][: mistaken[row]]
        likes.append(rng.permutation(np.concatenate([true, false])))
    return likes


def _write_tables(
    folder: Path,
    truth: SyntheticTruth,
    categories: Sequence[str],
    photos: Sequence[str],
    outfits: IntArray,
    likes: list[npt.NDArray[np.intp]],
) -> None:
    items = truth.items.tolist()
    outfit_ids = _ids("o", len(outfits))
    _write_csv(
        folder / "items.csv",
        ("item_id", "category", "image"),
        zip(items, categories, photos, strict=True),
    )
    _write_csv(
        folder / "outfits.csv",
        ("outfit_id", "item_ids"),
        (
            (name, ";".join(items[row] for row in outfit if row >= 0))
            for name, outfit in zip(outfit_ids, outfits, strict=True)
        ),
    )
    parts: dict[str, list[tuple[str, str]]] = {"train": []}
    for user, liked in zip(truth.users.tolist(), likes, strict=True):
        rows = liked.tolist()
        for split, share in SPLITS.items():
            count = max(1, round(share * len(liked)))
            parts.setdefault(split, [])
            parts[split] += [(user, outfit_ids[r]) for r in rows[:count]]
            rows = rows[count:]
        parts["train"] += [(user, outfit_ids[r]) for r in rows]
    for split, pairs in parts.items():
        _write_csv(folder / f"{split}.csv", ("user_id", "outfit_id"), pairs)


def _write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _ids(prefix: str, count: int) -> list[str]:
    digits = len(str(count - 1))
    return [f"{prefix}{number:0{digits}d}" for number in range(count)]
