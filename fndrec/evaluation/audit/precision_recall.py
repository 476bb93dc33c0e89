"""Precision and recall of an audit against the ground truth."""

import dataclasses
from typing import Self

import numpy as np

BINS = 10


@dataclasses.dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision and recall of the z-score as a detector of true likes.

    Attributes:
        pairs: Number of pairs.
        base_rate: Share of the pairs that are truly liked: the average
            precision of chance.
        average_precision: Area under precision and recall, as a sum of steps.
        precision: `(thresholds,)` share of what lies below the threshold that
            is truly liked.
        recall: `(thresholds,)` share of what is truly liked that lies below.
        distance_zscore: `(thresholds,)` the thresholds, falling.
        radius_precision: Precision at the radius, z < 0; NaN if nothing is
            within.
        radius_recall: Recall at the radius.
        calibration_error: Expected calibration error: mean difference of
            probability and truth in 10 equal bins of probability, weighted
            by their pairs.
        brier: Mean squared difference of probability and truth.

    Reference: Davis, Goadrich 2006, The Relationship Between Precision-Recall
    and ROC Curves; Naeini, Cooper, Hauskrecht 2015, Obtaining Well Calibrated
    Probabilities Using Bayesian Binning (the expected calibration error).
    """

    pairs: int
    base_rate: float
    average_precision: float
    precision: np.ndarray
    recall: np.ndarray
    distance_zscore: np.ndarray
    radius_precision: float
    radius_recall: float
    calibration_error: float
    brier: float

    @classmethod
    def from_scores(
        cls,
        distance_zscore: np.ndarray,
        probability: np.ndarray,
        liked: np.ndarray,
    ) -> Self:
        """Measures z-scores and probabilities against the ground truth.

        Args:
            distance_zscore: `(pairs,)` values of z.
            probability: `(pairs,)` probabilities of being liked.
            liked: Bools `(pairs,)`, the truth.

        Returns:
            The judgement.

        Raises:
            ValueError: If `liked` has another shape or is no array of bools,
                or if no pair is liked.
        """
        # Here, as it comes with the extra `audit`.
        from sklearn.metrics import (
            average_precision_score,
            precision_recall_curve,
        )

        liked = np.asarray(liked)
        if liked.shape != distance_zscore.shape or liked.dtype != bool:
            raise ValueError(
                f"`liked` should be bools of shape {distance_zscore.shape}. "
                f"Received: {liked.dtype} of shape {liked.shape}"
            )
        if not liked.any():
            raise ValueError(
                "`liked` should hold a pair that is liked, else there is "
                f"nothing to find. Received: none in {len(liked)}"
            )
        precision, recall, score = precision_recall_curve(
            liked, -distance_zscore
        )
        within = distance_zscore < 0
        hits = int(liked[within].sum())
        bins = np.minimum((probability * BINS).astype(int), BINS - 1)
        excess = np.bincount(bins, probability - liked, minlength=BINS)
        return cls(
            pairs=len(liked),
            base_rate=float(liked.mean()),
            average_precision=float(
                average_precision_score(liked, -distance_zscore)
            ),
            # The last point of the curve has no threshold.
            precision=precision[:-1],
            recall=recall[:-1],
            distance_zscore=-score,
            radius_precision=(
                hits / int(within.sum()) if within.any() else float("nan")
            ),
            radius_recall=hits / int(liked.sum()),
            calibration_error=float(np.abs(excess).sum() / len(liked)),
            brier=float(np.mean((probability - liked) ** 2)),
        )

    def __str__(self) -> str:
        return (
            f"Against the truth: average precision "
            f"{self.average_precision:.3f}, where chance has "
            f"{self.base_rate:.3f}; at z < 0 precision "
            f"{self.radius_precision:.3f} and recall "
            f"{self.radius_recall:.3f}; calibration error "
            f"{self.calibration_error:.3f}, Brier score {self.brier:.3f}"
        )
