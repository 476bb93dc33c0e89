"""A generated shop with planted tastes: photos, likes and the truth."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from fndrec.checks import fraction, integer
from fndrec.data.outfit_data import OutfitData
from fndrec.data.readers.tables.csv import read_csv, write_rows
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
from fndrec.files import atomic_folder

MISTAKEN = 0.02
"""Share of the observed likes that are mistakes."""

TEMPLATES = {(0, 1): 0.25, (0, 1, 2): 0.3, (0, 1, 3): 0.15, (0, 1, 2, 3): 0.3}
"""Shares of outfits by the categories of their items."""

# Attributes: color (2 axes), lightness, saturation, strength and frequency
# of the pattern, length. How much users care about each:
CARE = np.array([1.0, 1.0, 0.9, 0.6, 0.8, 0.4, 0.7])
# Similar hues go together, as do light and dark, and patterned and plain.
HARMONY = 0.3 * np.array([0.8, 0.8, -0.5, 0.0, -0.5, 0.0, 0.0])
OWN_HARMONY = 0.08  # standard deviation of the users' own part

SPLITS = {"valid": 0.15, "test": 0.15}  # the rest is train

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class SyntheticShop:
    """A generated shop whose users' tastes are known.

    Photos of garments are drawn. Each user has a taste for visible
    attributes (color, lightness, pattern, length) and for their combinations.
    All users share one catalogue of outfits. The likes cover only a part of
    the outfits that users truly like, so some unliked outfits are false
    negatives, and `truth` knows which.

    Args:
        folder: Folder of the shop, in the layout of `read_csv`, with the
            truth in `truth.npz`.
        data: The shop as a recommender sees it.
        truth: The tastes behind it, with the rows of `data`.

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
        """Generates a shop, the same one for the same arguments.

        Args:
            folder: Folder to write to, new or empty.
            num_users: Number of users.
            items_per_category: Number of tops, of bottoms, of shoes and of
                bags.
            likes_per_user: Number of observed likes per user: 70% in train,
                15% in valid, 15% in test.
            image_size: Height and width of the photos.
            observed: Share of the truly liked outfits of the catalogue that
                appear in the likes. It determines the size of the catalogue.
            liked: Share of all outfits that a user truly likes, and so of
                false negatives among random outfits.
            seed: Seed of all draws.

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
        num_outfits = round(likes_per_user / liked / observed)
        outfits = _outfits(num_outfits, items_per_category, rng)
        truth = _truth(looks, num_users, items_per_category, liked, rng)
        likes = _likes(truth, outfits, likes_per_user, rng)

        with atomic_folder(folder) as draft:
            (draft / "images").mkdir()
            photos = []
            for item, category, look in zip(
                truth.items, categories, looks, strict=True
            ):
                photos.append(f"images/{item}.jpg")
                photo = draw_garment(category, look, image_size, rng)
                Image.fromarray(photo).save(draft / photos[-1], quality=90)
            _write_tables(draft, truth, categories, photos, outfits, likes)
            truth.save(draft / "truth.npz")
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> SyntheticShop:
        """Reads a shop that `generate` has written.

        Args:
            folder: Folder of the shop.

        Raises:
            DataError: If the folder holds no synthetic shop.
        """
        folder = Path(folder)
        data = read_csv(folder)
        truth = SyntheticTruth.load(folder / "truth.npz").aligned(data)
        return cls(folder, data, truth)


def _looks(count: int, rng: np.random.Generator) -> list[Look]:
    looks = []
    for _ in range(count):
        # A third of all garments are plain.
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
    """Draws the tastes of the users."""
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
    deviation = rng.normal(size=taste.shape) * OWN_HARMONY
    harmony = HARMONY + deviation * (HARMONY != 0)

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
    """Draws outfits `(count, categories)` of item rows, padded with -1."""
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
    """Draws a catalogue of distinct outfits, in random order."""
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
    """Returns the rows of each user's observed likes, in random order.

    They are a random part of the truly liked outfits, plus mistakes.
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
    write_rows(
        folder / "items.csv",
        ("item_id", "category", "image"),
        zip(items, categories, photos, strict=True),
    )
    write_rows(
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
        write_rows(folder / f"{split}.csv", ("user_id", "outfit_id"), pairs)


def _ids(prefix: str, count: int) -> list[str]:
    digits = len(str(count - 1))
    return [f"{prefix}{number:0{digits}d}" for number in range(count)]
