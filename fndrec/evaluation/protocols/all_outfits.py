"""Ranks each user's likes among all outfits."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fndrec.checks import positive_int
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.evaluation.scorer import Scorer, score_all
from fndrec.evaluation.user_values import UserValues

# Scores held at once.
SCORES = 32_000_000
COMPARED = 64_000_000


@dataclasses.dataclass(frozen=True)
class AllOutfits:
    """Ranks all outfits of the data set for each user of the split.

    The user's likes in train are taken out; what is left of the split's are
    to be found among the best. Recall is the share of them that is, NDCG
    weighs them by `1 / log2(rank + 1)`, against the best possible of at most
    `k` places; both are averaged over users. Ties are fair: each metric is
    its mean over the orders of tied outfits.

    Args:
        cutoffs: How many best outfits count.
        name: Name of the protocol.
        source: Who measured so before.

    Raises:
        ValueError: If there is no cut-off, or one is not positive.

    Example:

    >>> every = fndrec.evaluation.AllOutfits(cutoffs=(10, 50))
    >>> fndrec.evaluate(model, data, "test", protocol=every)

    Reference: Ma et al. 2022, CrossCBR, section 4.1, and Ma et al. 2024,
    MultiCBR: recall and NDCG at 20 and 40 on Polyvore-like bundle data.
    """

    cutoffs: tuple[int, ...] = (20, 40)
    name: str = "all outfits"
    source: str = (
        "Ma et al. 2022, CrossCBR: Cross-view Contrastive Learning for Bundle "
        "Recommendation, section 4.1"
    )

    baselines: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.cutoffs:
            raise ValueError(
                "`cutoffs` should be positive integers. Received: none"
            )
        for cutoff in self.cutoffs:
            positive_int("cutoffs", cutoff)

    @property
    def columns(self) -> Mapping[str, str]:
        return {
            f"{name}@{k}": f"{head}@{k}"
            for k in self.cutoffs
            for name, head in (("recall", "recall"), ("ndcg", "NDCG"))
        }

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> "AllOutfitsRanking":
        """Collects the likes to rank. It is deterministic."""
        likes = data.likes(split)
        pairs = _pairs(data, split)
        known = _pairs(data, "train")
        if split != "train":
            pairs = np.setdiff1d(pairs, known)
        if not len(pairs):
            raise DataError(
                f"{data.name}: likes that train does not hold were expected. "
                f"Received: split={split!r} with {len(likes)} likes"
            )
        return AllOutfitsRanking(
            data, pairs, known if split != "train" else pairs[:0], self.cutoffs
        )


@dataclasses.dataclass(frozen=True, eq=False)
class AllOutfitsRanking:
    """The likes of a split, ranked among all outfits.

    Attributes:
        data: The data set.
        pairs: `(likes,)` sorted user times number of outfits plus outfit.
        known: The same of the likes that are taken out.
        cutoffs: How many best outfits count.
    """

    data: OutfitData
    pairs: np.ndarray
    known: np.ndarray
    cutoffs: tuple[int, ...]

    @property
    def likes(self) -> int:
        """Number of likes that are ranked."""
        return len(self.pairs)

    @property
    def against(self) -> str:
        """What the likes are ranked against, in words."""
        return f"among all {self.data.num_outfits:,} outfits"

    def sample(self, likes: int, seed: int) -> "AllOutfitsRanking":
        """Returns the likes of a random sample of the users.

        Args:
            likes: Most likes to keep; at least one user is kept.
            seed: Seed of the choice.

        Returns:
            The ranking of their likes, or of all if there are no more.
        """
        if len(self.pairs) <= likes:
            return self
        user = self.pairs // self.data.num_outfits
        users, count = np.unique(user, return_counts=True)
        order = np.random.default_rng((seed, likes)).permutation(len(users))
        kept = max(1, int(np.sum(np.cumsum(count[order]) <= likes)))
        pairs = self.pairs[np.isin(user, users[order[:kept]])]
        return dataclasses.replace(self, pairs=pairs)

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """Recall and NDCG of one scorer, user by user."""
        width = self.data.num_outfits
        user, outfit = np.divmod(self.pairs, width)
        users, place = np.unique(user, return_inverse=True)
        known_user, known_outfit = np.divmod(self.known, width)
        better = np.zeros(len(user), np.int64)
        tied = np.zeros(len(user), np.int64)
        step = max(1, SCORES // width)
        for start in range(0, len(users), step):
            part = users[start : start + step]
            scores = np.array(score_all(scorer, self.data, part), np.float32)
            if not np.isfinite(scores).all():
                raise ValueError(
                    "Scores should be finite. Received: a score of user row "
                    f"{part[np.argwhere(~np.isfinite(scores))[0, 0]]} that "
                    "is not"
                )
            low, high = np.searchsorted(known_user, (part[0], part[-1] + 1))
            row = np.searchsorted(part, known_user[low:high])
            ours = part[np.minimum(row, len(part) - 1)] == known_user[low:high]
            scores[row[ours], known_outfit[low:high][ours]] = -np.inf
            low, high = np.searchsorted(place, (start, start + len(part)))
            _count_above(
                scores,
                place[low:high] - start,
                outfit[low:high],
                better[low:high],
                tied[low:high],
            )
        return self._metrics(place, better, tied)

    def _metrics(
        self, place: np.ndarray, better: np.ndarray, tied: np.ndarray
    ) -> dict[str, UserValues]:
        liked = np.bincount(place)
        found = {}
        most = max(self.cutoffs)
        gain = np.concatenate(
            [[0.0], np.cumsum(1.0 / np.log2(np.arange(2, most + 2)))]
        )
        for k in self.cutoffs:
            hit = np.clip((k - better) / tied, 0.0, 1.0)
            found[f"recall@{k}"] = UserValues.of_users(
                np.bincount(place, hit) / liked
            )
            # The places better + 1 to better + tied are alike.
            share = gain[np.minimum(better + tied, k)]
            share = (share - gain[np.minimum(better, k)]) / tied
            ideal = gain[np.minimum(liked, k)]
            found[f"ndcg@{k}"] = UserValues.of_users(
                np.bincount(place, share) / ideal
            )
        return found


def _pairs(data: OutfitData, split: str) -> np.ndarray:
    likes = data.likes(split)
    wide = likes.user.astype(np.int64) * data.num_outfits
    return np.unique(wide + likes.outfit)


def _count_above(
    scores: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
    better: np.ndarray,
    tied: np.ndarray,
) -> None:
    """Adds, in place, the number of greater and of equal scores per like."""
    step = max(1, COMPARED // scores.shape[1])
    for start in range(0, len(row), step):
        part = slice(start, start + step)
        of_row = scores[row[part]]
        own = scores[row[part], column[part]][:, None]
        better[part] = np.count_nonzero(of_row > own, axis=1)
        tied[part] = np.count_nonzero(of_row == own, axis=1)
