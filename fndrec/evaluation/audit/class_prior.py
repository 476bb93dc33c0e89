"""Estimates the share of likes among outfits not known to be liked."""

import numpy as np

# Thresholds tried: so few, and spread over the likes, that each counts a
# fair share of them.
DECILES = np.arange(1, 11) / 10
# How often one of the bounds may fail.
RISK = 0.05


def class_prior(
    liked: np.ndarray, unlabelled: np.ndarray
) -> tuple[float, float]:
    """Estimates the share of likes among unlabelled values.

    With prior `p` the unlabelled are a mixture of likes and the rest,

        F_unlabelled(t) = p F_liked(t) + (1 - p) F_rest(t) >= p F_liked(t),

    so `p <= F_unlabelled(t) / F_liked(t)` for each threshold `t`, and the
    least ratio is `p` itself if some threshold has likes alone below it.
    Where likes and the rest overlap everywhere, the two samples alone do not
    tell the prior, and the least ratio is **an upper bound** of it.

    Of the thresholds, the deciles of the likes, the one is taken whose ratio
    has the least upper confidence bound: far out in the tail there is little
    overlap, but there are few likes to count. The bounds are exact binomial
    ones (Clopper, Pearson 1934), and hold together with a confidence of 95%.

    Args:
        liked: `(likes,)` values of likes, low where likes are common.
        unlabelled: `(pairs,)` values of outfits that may be liked or not.

    Returns:
        The ratio at that threshold, and its upper confidence bound.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> mixed = np.r_[rng.normal(0, 1, 400), rng.normal(5, 1, 1600)]
    >>> prior, bound = class_prior(rng.normal(0, 1, 1000), mixed)
    >>> round(prior, 1)
    0.2

    Reference: Blanchard, Lee, Scott 2010, Semi-Supervised Novelty Detection,
    and Scott 2015, A Rate of Convergence for Mixture Proportion Estimation
    (the least ratio and its bound); Garg et al. 2021, arXiv:2111.00980
    (the ratio where the bound is least).
    """
    # Here, as it comes with the extra `audit`.
    from scipy.stats import beta

    thresholds = np.quantile(liked, DECILES, method="inverted_cdf")
    below_liked = np.searchsorted(np.sort(liked), thresholds, "right")
    below = np.searchsorted(np.sort(unlabelled), thresholds, "right")
    one_side = RISK / 2 / len(DECILES)
    low = beta.ppf(one_side, below_liked, len(liked) - below_liked + 1)
    # The bound of all is 1, which the distribution has no parameter for.
    rest = np.maximum(len(unlabelled) - below, 1e-9)
    high = beta.ppf(1 - one_side, below + 1, rest)
    bound = high / low
    best = int(bound.argmin())
    share = below[best] / len(unlabelled)
    ratio = share / (below_liked[best] / len(liked))
    return min(float(ratio), 1.0), min(float(bound[best]), 1.0)
