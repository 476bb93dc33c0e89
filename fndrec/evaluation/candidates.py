"""Candidates that an evaluation ranks."""

import dataclasses
from collections.abc import Mapping
from typing import Self

import numpy as np

from fndrec.checks import non_negative_int, positive_int
from fndrec.data import NegativeSampler, OutfitData
from fndrec.errors import DataError

FITB_CHOICES = 4


@dataclasses.dataclass(frozen=True)
class Candidates:
    """Liked outfits of a split with their negatives and blanks.

    Attributes:
        user: `(likes,)` rows of users.
        outfits: `(likes, 1 + negatives, slots)` item rows, -1 padding, the
            liked outfit in column 0.
        blanks: `(likes, choices, slots)`: the liked outfit, and it with one
            item exchanged for a wrong one of the same group (fill in the
            blank).
        sampling: Kind of the negatives.
    """

    user: np.ndarray
    outfits: np.ndarray
    blanks: np.ndarray
    sampling: str

    @classmethod
    def from_data(
        cls,
        data: OutfitData,
        split: str,
        negatives: int = 10,
        negative_sampling: str | Mapping[str, float] | None = None,
        seed: int = 0,
        choices: int = FITB_CHOICES,
    ) -> Self:
        """Draws the candidates of a split; the seed determines the draw.

        Args:
            data: The data set.
            split: Name of the split.
            negatives: Negatives of each like.
            negative_sampling: Kind of the negatives, see `NegativeSampler`.
                By default `"hard"` where users share outfits, and
                `"catalogue"` where nearly each outfit is one user's own.
            seed: Seed of the draws.
            choices: Choices of each blank, the true one among them.

        Returns:
            The candidates.

        Raises:
            ValueError: If `negatives` is not positive.
            DataError: If there is no such split, or no like in it.
        """
        negatives = positive_int("negatives", negatives)
        choices = positive_int("choices", choices)
        seed = non_negative_int("seed", seed)
        if negative_sampling is None:
            negative_sampling = default_sampling(data)
        sampler = NegativeSampler(
            data, split, negative_sampling, known=tuple(data.splits)
        )
        likes = data.likes(split)
        if not len(likes):
            raise DataError(
                f"{data.name}: likes to rank were expected. "
                f"Received: split={split!r}, which has none"
            )
        rng = np.random.default_rng((seed, negatives))
        drawn = sampler(likes.user, likes.outfit, negatives, rng)
        liked = data.outfit_items[likes.outfit]
        blanks = _blanks(
            data, split, liked, choices, np.random.default_rng((seed, 0))
        )
        return cls(
            likes.user,
            np.concatenate([liked[:, None], drawn], axis=1),
            blanks,
            str(negative_sampling),
        )

    def sample(self, likes: int, seed: int) -> Self:
        """Returns a random sample of the likes, or all if there are no more.

        Args:
            likes: How many.
            seed: Seed of the choice.

        Returns:
            Their candidates.
        """
        if len(self.user) <= likes:
            return self
        rng = np.random.default_rng((seed, likes))
        rows = np.sort(rng.choice(len(self.user), likes, replace=False))
        return dataclasses.replace(
            self,
            user=self.user[rows],
            outfits=self.outfits[rows],
            blanks=self.blanks[rows],
        )


def default_sampling(data: OutfitData) -> str:
    """Returns the default kind of negatives for a data set.

    Args:
        data: The data set.

    Returns:
        `"hard"` where users share outfits, `"catalogue"` where nearly each
        outfit is one user's own.
    """
    return "hard" if data.shares_outfits else "catalogue"


def _blanks(
    data: OutfitData,
    split: str,
    liked: np.ndarray,
    choices: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Replaces one slot of each outfit, the same slot for all wrong choices."""
    sampler = NegativeSampler(data, split, "catalogue")
    length = (liked >= 0).sum(axis=1)
    slot = np.floor(rng.random(len(liked)) * length).astype(int)
    blanks = np.repeat(liked[:, None], choices, axis=1)
    rows = np.arange(len(liked))
    blanks[rows, 1:, slot] = sampler.wrong_items(liked, slot, choices - 1, rng)
    return blanks
