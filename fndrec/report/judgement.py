"""Section of the report: likes, negatives and false negatives."""

import dataclasses
from typing import Any, Self

import numpy as np

from fndrec.data import OutfitData, SyntheticTruth
from fndrec.evaluation import CalibratedDistance
from fndrec.evaluation.audit.calibrated_distance import MIN_LIKES
from fndrec.models import OutfitRecommender, align
from fndrec.report.figures import SERIES, Figures
from fndrec.report.ranking import Ranking

BINS = 40
# The few that lie far out would press all others together.
TAIL = 0.1
MISSING = float("nan")


@dataclasses.dataclass(frozen=True)
class Group:
    """Scores of one group of candidates.

    Attributes:
        name: What they are.
        scores: `(outfits,)` their scores.
        above: Share of them that score above the like they stand against;
            NaN for likes.
    """

    name: str
    scores: np.ndarray
    above: float

    @property
    def median(self) -> float:
        """The median score; NaN if the group is empty."""
        return float(np.median(self.scores)) if len(self.scores) else MISSING


@dataclasses.dataclass(frozen=True, eq=False)
class Judgement:
    """Marks the false negatives among the candidates of a ranking.

    Attributes:
        distance_zscore: `(likes, 1 + negatives)` z-scores of the candidates,
            below 0 for a negative nearer to its user than the user's likes
            are. None if nothing can be judged.
        truly_liked: Bools of the same shape; None if the truth is not known.
    """

    distance_zscore: np.ndarray | None
    truly_liked: np.ndarray | None

    @classmethod
    def from_ranking(
        cls,
        ranking: Ranking,
        data: OutfitData,
        judge: OutfitRecommender,
        truth: SyntheticTruth | None,
    ) -> Self:
        """Marks the candidates of a ranking.

        Args:
            ranking: The ranking.
            data: The data set.
            judge: The model that judges.
            truth: The truth of a synthetic shop, aligned with the data.

        Returns:
            The judgement.
        """
        sets = ranking.candidates.outfits
        shape = sets.shape[:2]
        users = np.repeat(ranking.candidates.user, shape[1])
        outfits = sets.reshape(len(users), -1)
        distance_zscore = liked = None
        calibration = _calibration(data)
        if calibration is not None:
            judge, seen = align(judge, data)
            z = CalibratedDistance(judge, seen, calibration)(users, outfits)
            distance_zscore = z.reshape(shape)
        if truth is not None:
            liked = truth.liked(users, outfits).reshape(shape)
        return cls(distance_zscore, liked)

    @property
    def false(self) -> np.ndarray | None:
        """Bools `(likes, negatives)`: marked as a false negative."""
        return (
            None
            if self.distance_zscore is None
            else self.distance_zscore[:, 1:] < 0
        )

    def judged(self, ranking: Ranking) -> list[Group]:
        """The likes, and the negatives grouped by their marks."""
        if self.false is None:
            every = np.ones(ranking.scores[:, 1:].shape, bool)
            return _groups(ranking.scores, {"negatives": every})
        return _groups(
            ranking.scores,
            {
                "negatives judged false": self.false,
                "other negatives": ~self.false,
            },
        )

    def in_truth(self, ranking: Ranking) -> list[Group]:
        """The likes, and the negatives grouped by the known ground truth."""
        if self.truly_liked is None:
            return []
        liked = self.truly_liked[:, 1:]
        return _groups(
            ranking.scores,
            {"negatives truly liked": liked, "true negatives": ~liked},
        )

    @property
    def against_truth(self) -> dict[str, float] | None:
        """Precision and recall of the marks, and the base rate."""
        if self.false is None or self.truly_liked is None:
            return None
        liked = self.truly_liked[:, 1:]
        hits = float((self.false & liked).sum())
        return {
            "precision": hits / self.false.sum()
            if self.false.any()
            else MISSING,
            "recall": hits / liked.sum() if liked.any() else MISSING,
            "share": float(liked.mean()),
        }


def plot(groups: list[Group], title: str, figures: Figures) -> str:
    """Plots the score distributions of groups, normalised to one area.

    Args:
        groups: The groups.
        title: What the plot shows.
        figures: Makes the plot.

    Returns:
        The plot.
    """
    groups = [group for group in groups if len(group.scores)]
    every = np.concatenate([group.scores for group in groups])
    low, high = np.percentile(every, [TAIL, 100 - TAIL])
    bins = np.linspace(low, max(high, low + 1e-6), BINS + 1)

    def draw(axes: Any) -> None:
        for colour, group in zip(
            (SERIES[2], SERIES[1], SERIES[0]), groups, strict=False
        ):
            scores = np.clip(group.scores, bins[0], bins[-1])
            for style in (
                {"histtype": "stepfilled", "alpha": 0.18},
                {"histtype": "step", "linewidth": 1.8, "label": group.name},
            ):
                axes.hist(scores, bins, density=True, color=colour, **style)
        axes.set_xlabel("score")
        axes.set_ylabel("density")
        axes.figure.legend(loc="outside upper left", ncols=2)

    text = ", ".join(f"{g.name} {g.median:.2f}" for g in groups)
    return figures.draw(draw, f"{title}. Median scores: {text}")


def _groups(scores: np.ndarray, which: dict[str, np.ndarray]) -> list[Group]:
    above = scores[:, 1:] > scores[:, :1]
    return [
        Group("liked", scores[:, 0], MISSING),
        *(
            Group(
                name,
                scores[:, 1:][chosen],
                float(above[chosen].mean()) if chosen.any() else MISSING,
            )
            for name, chosen in which.items()
        ),
    ]


def _calibration(data: OutfitData) -> str | None:
    """Chooses a held-out split with enough likes to calibrate on."""
    for name, likes in data.splits.items():
        if name != "train" and len(likes) >= MIN_LIKES:
            return name
    return None
