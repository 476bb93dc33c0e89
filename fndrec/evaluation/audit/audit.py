"""Audit of negatives: which are probably unobserved likes."""

from collections.abc import Mapping, Sequence

import numpy as np

from fndrec.checks import fraction, non_negative_int, positive_int
from fndrec.data import OutfitData
from fndrec.evaluation.audit.audit_pairs import (
    Pair,
    rows_of_pairs,
    unliked_negatives,
)
from fndrec.evaluation.audit.calibrated_distance import CalibratedDistance
from fndrec.evaluation.audit.liked_probability import LikedProbability
from fndrec.evaluation.audit.negative_audit import NegativeAudit
from fndrec.evaluation.candidates import default_sampling
from fndrec.extras import require
from fndrec.models import OutfitRecommender, align


def audit_negatives(
    model: OutfitRecommender,
    data: OutfitData,
    pairs: Sequence[Pair] | None = None,
    *,
    split: str = "train",
    negatives: int = 20,
    negative_sampling: str | Mapping[str, float] | None = None,
    calibration: str = "valid",
    prior: float | None = None,
    seed: int = 0,
) -> NegativeAudit:
    """Finds the outfits not known to be liked that users probably like.

    Users report no dislikes. A negative is an outfit not known to be liked,
    and the user may simply never have seen it. The audit gives each negative
    a distance z-score (its distance from the user, relative to the user's
    likes) and the probability that the user likes it. The probability is
    learned from held-out likes against negatives drawn for them. It can be an
    upper bound: see `LikedProbability`.

    Args:
        model: A trained teacher or student.
        data: The data set, with photos loaded if the model looks at them.
        pairs: What to audit: user ids, each with an outfit id or the ids of
            an outfit's items, in the catalogue or not. By default negatives
            are drawn for the likes of `split`.
        split: Name of the split that negatives are drawn for. A user's
            negative is audited once, and none that the user is known to
            like, in any split.
        negatives: Number of negatives drawn per like.
        negative_sampling: Kind of the negatives, see `Candidates.from_data`.
        calibration: Split whose likes the model was not trained on.
        prior: Known share of true likes among such negatives. By default it
            is estimated, see `class_prior`.
        seed: Seed of the draws.

    Returns:
        A `NegativeAudit`, most probable likes first.

    Raises:
        DataError: If a split is missing, has too few likes to calibrate on,
            or a pair names something unknown.
        ModuleNotFoundError: If scikit-learn is not installed.
        ValueError: If an argument is out of its range.

    Example:

    >>> audit = fndrec.audit_negatives(teacher, data)
    >>> print(audit)
    >>> audit.to_csv("audit.csv")
    >>> fndrec.audit_negatives(teacher, data, [("u007", ["top3", "shoe1"])])

    Reference: Kim et al. 2021 (false negatives within the teacher's radius);
    Elkan, Noto 2008 (learning from positive and unlabelled data).
    """
    require("sklearn", "audit", "`audit_negatives`")
    if prior is not None:
        prior = fraction("prior", prior, zero=False)
    negatives = positive_int("negatives", negatives)
    seed = non_negative_int("seed", seed)
    if calibration == "train":
        raise ValueError(
            "`calibration` should be a split that the model was not trained "
            "on. Received: calibration='train'"
        )
    model, data = align(model, data)
    if negative_sampling is None:
        negative_sampling = default_sampling(data)
    # A stream for each sample, as both may be of one split.
    audited, unlabelled = (
        np.random.default_rng((seed, negatives, stream)) for stream in range(2)
    )
    # Before the long work, as what is given may not be usable.
    users, outfits = (
        unliked_negatives(data, split, negatives, negative_sampling, audited)
        if pairs is None
        else rows_of_pairs(data, pairs)
    )
    distance_zscore = CalibratedDistance(model, data, calibration)
    chance = LikedProbability.fit(
        distance_zscore.liked,
        distance_zscore(
            *unliked_negatives(
                data, calibration, negatives, negative_sampling, unlabelled
            )
        ),
        prior,
    )
    z = distance_zscore(users, outfits)
    probability = chance(z)
    # Outfits of one probability are in the order of their distance_zscore.
    order = np.lexsort((z, -probability))
    return NegativeAudit(
        data=data,
        user=users[order],
        outfits=outfits[order],
        distance_zscore=z[order],
        probability=probability[order],
        chance=chance,
        audited=(
            f"negatives of {split} ({negative_sampling})"
            if pairs is None
            else "given pairs"
        ),
    )
