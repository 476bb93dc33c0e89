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
    tried: set[int] = set()
    while True:
        order = np.argsort(-seen, axis=None)[: len(tried) + 1]
        at = next((int(o) for o in order if int(o) not in tried), -1)
        if at < 0 or np.isinf(seen.ravel()[at]):
            return float(seen.max())
        tried.add(at)
        i, j, k = np.unravel_index(at, scores.shape)
        for line in (np.s_[:, j, k], np.s_[i, :, k], np.s_[i, j, :]):
            fresh = int(np.isinf(seen[line]).sum())
            if np.isfinite(seen).sum() + fresh > most:
                return float(seen.max())
            seen[line] = scores[line]
