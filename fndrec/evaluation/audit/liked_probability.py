"""Maps distance z-scores to probabilities of being liked."""

import dataclasses
from typing import Self

import numpy as np

from fndrec.evaluation.audit.class_prior import class_prior


@dataclasses.dataclass(frozen=True, eq=False)
class LikedProbability:
    """Probability that an outfit is liked, given its distance z-score.

    The data are positive and unlabelled: likes, and outfits that may be liked
    or not. Let `p` be the share of likes
    among the unlabelled. If the likes at hand are a random part of the likes
    among such outfits, then, by Bayes,

        f_unlabelled(z) = p f_liked(z) + (1 - p) f_rest(z)         (1)
        P(liked | z) = p f_liked(z) / f_unlabelled(z)              (2)

    A classifier that tells likes from unlabelled, both weighing the same in
    all, learns `g(z) = f_liked / (f_liked + f_unlabelled)`, hence

        P(liked | z) = p g(z) / (1 - g(z)), at most 1.             (3)

    `g` is isotonic: it falls with z, and is otherwise free. The prior `p`
    scales all probabilities alike. Without knowledge of one's own it is
    `class_prior`, **an upper bound** where likes and the rest overlap
    everywhere; the probabilities then are upper bounds too.

    Attributes:
        prior: Share of likes among the unlabelled.
        prior_bound: What it is at most, with a confidence of 95%; None if the
            prior was given.
        distance_zscore: `(knots,)` values of z, rising.
        liked_share: `(knots,)` values of `g` there, falling; linear between.

    Example:

    >>> chance = LikedProbability.fit(z_of_likes, z_of_others)
    >>> chance(np.array([-2.0, 0.0, 3.0]))

    Reference: Elkan, Noto 2008, Learning Classifiers from Only Positive and
    Unlabeled Data, section 2; Zadrozny, Elkan 2002, Transforming Classifier
    Scores into Accurate Multiclass Probability Estimates (isotonic).
    """

    prior: float
    prior_bound: float | None
    distance_zscore: np.ndarray
    liked_share: np.ndarray

    @classmethod
    def fit(
        cls,
        liked: np.ndarray,
        unlabelled: np.ndarray,
        prior: float | None = None,
    ) -> Self:
        """Fits the probability to two samples of z-scores.

        Args:
            liked: `(likes,)` z of likes.
            unlabelled: `(pairs,)` z of outfits that may be liked or not.
            prior: Share of likes among the unlabelled; estimated by default.

        Returns:
            The probability.
        """
        # Here, as it comes with the extra `audit`.
        from sklearn.isotonic import IsotonicRegression

        bound = None
        if prior is None:
            prior, bound = class_prior(liked, unlabelled)
        sizes = len(liked), len(unlabelled)
        isotonic = IsotonicRegression(increasing=False)
        isotonic.fit(
            np.concatenate([liked, unlabelled]),
            np.repeat([1.0, 0.0], sizes),
            sample_weight=np.repeat([1 / sizes[0], 1 / sizes[1]], sizes),
        )
        return cls(prior, bound, isotonic.X_thresholds_, isotonic.y_thresholds_)

    def __call__(self, distance_zscore: np.ndarray) -> np.ndarray:
        """Returns probabilities of being liked.

        Args:
            distance_zscore: `(pairs,)` values of z.

        Returns:
            Floats `(pairs,)` in [0, 1], falling with z.
        """
        share = np.interp(
            distance_zscore, self.distance_zscore, self.liked_share
        )
        odds = self.prior * share
        # At most 1, also where nothing but likes was found.
        rest = np.maximum(1 - share, odds)
        return np.divide(odds, rest, out=np.zeros_like(odds), where=rest > 0)
