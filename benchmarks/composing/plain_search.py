"""Searches that the composer is compared with, on tables of scores.

Each stops when it has scored as many sets as it may, parts of outfits among
them, and gives the best score it saw.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def draws(scores: Floats, most: int, rng: np.random.Generator) -> float:
    """Outfits drawn at random."""
    return float(rng.choice(scores.ravel(), most, replace=False).max())


def beam(singles: Floats, pairs: Floats, scores: Floats, most: int) -> float:
    """Beam search, slot by slot, by the scores of the parts.

    Args:
        singles: Scores `(n,)` of the items of the first slot alone.
        pairs: Scores `(n, n)` of the first two slots.
        scores: Scores `(n, n, n)`.
        most: Most sets to score.
    """
    n = len(singles)
    kept = max(1, (most // n) // 5)
    first = np.argsort(-singles)[:kept]
    left = (most - n - kept * n) // n
    best = np.argsort(-pairs[first], axis=None)[:left]
    i, j = np.unravel_index(best, (kept, n))
    return float(scores[first[i], j].max())


def swaps(scores: Floats, most: int, rng: np.random.Generator) -> float:
    """Exchanges one item after another, of the best outfit not tried yet."""
    n = len(scores)
    seen = np.full(scores.shape, -np.inf)
    start = rng.integers(0, n, (n, 3))
    seen[tuple(start.T)] = scores[tuple(start.T)]
    left = seen.copy()
    while True:
        at = np.unravel_index(np.argmax(left), scores.shape)
        if np.isinf(left[at]):
            return float(seen.max())
        i, j, k = at
        for line in (np.s_[:, j, k], np.s_[i, :, k], np.s_[i, j, :]):
            fresh = np.isinf(seen[line])
            if np.isfinite(seen).sum() + fresh.sum() > most:
                return float(seen.max())
            seen[line] = scores[line]
            left[line] = np.where(fresh, scores[line], left[line])
        left[at] = -np.inf
