"""The best outfits of a space too large to look at."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from fndrec.retrieval.composing._outfit_space import OutfitSpace
from fndrec.retrieval.composing._surrogate import Surrogate

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]

# Guesses of one round.
GRID = 200_000
ROUNDS = 6
START = 0.16
"""Share of the sets that are drawn at random."""


class Search:
    """Looks where a surrogate of the score promises most, round by round.

    Args:
        space: The outfits.
        features: For each free slot the features of its items.
        score: From item rows `(outfits, items)` to scores.
        budget: Most outfits to score.
    """

    def __init__(
        self,
        space: OutfitSpace,
        features: Sequence[FloatArray],
        score: Callable[[IntArray], npt.NDArray[np.float32]],
        budget: int,
    ) -> None:
        self.space = space
        self.features = features
        self.score = score
        self.budget = budget
        self.seen: set[int] = set()
        width = len(space.pools)
        self.filled = np.zeros((0, width), np.int32)
        self.scores = np.zeros(0, np.float64)

    def run(self, start: IntArray, k: int, max_shared: int | None) -> None:
        """Scores outfits until the budget is used up.

        Args:
            start: Admissible outfits `(outfits, free slots)` to begin with.
            k: How many outfits are wanted.
            max_shared: Most items that two of them may have in common.
        """
        self.visit(start)
        later = 0 if max_shared is None else k - 1
        size = max(1, (self.budget - len(self.scores)) // (ROUNDS + later))
        for step in range(ROUNDS + later):
            barred = np.zeros((0, self.filled.shape[1]), np.int32)
            if max_shared is not None and step >= ROUNDS:
                # What may stand beside the outfits found so far.
                chosen = self.best(step - ROUNDS + 1, max_shared)
                barred = self.filled[chosen]
            last = step == ROUNDS + later - 1
            left = self.budget - len(self.scores)
            self.visit(
                self._proposed(left if last else size, barred, max_shared)
            )

    def visit(self, filled: IntArray) -> None:
        """Scores outfits that have not been."""
        fresh = self._fresh(filled)[: self.budget - len(self.scores)]
        if not len(fresh):
            return
        self.seen.update(self.space.keys(fresh).tolist())
        found = self.score(self.space.whole(fresh)).astype(np.float64)
        self.filled = np.concatenate([self.filled, fresh])
        self.scores = np.concatenate([self.scores, found])

    def _fresh(self, filled: IntArray) -> IntArray:
        """Outfits not scored yet, each once."""
        keys = self.space.keys(filled)
        _, first = np.unique(keys, return_index=True)
        first.sort()
        new = [key not in self.seen for key in keys[first].tolist()]
        return filled[first[np.array(new, bool)]]

    def _proposed(
        self, count: int, barred: IntArray, max_shared: int | None
    ) -> IntArray:
        """The admissible outfits that promise most.

        Args:
            count: How many.
            barred: Outfits with which they may not share too many items.
            max_shared: Most items they may share.

        Returns:
            Item rows `(outfits, free slots)`.
        """
        if count < 1 or not len(self.scores):
            return self.filled[:0]
        pools = self.space.pools
        places = np.stack(
            [
                np.searchsorted(pool, column)
                for pool, column in zip(pools, self.filled.T, strict=True)
            ],
            axis=1,
        )
        fits = shares_few(self.filled, barred, max_shared)
        learned = fits if fits.sum() >= 2 * len(pools) else np.ones_like(fits)
        guess = Surrogate(self.features, places[learned], self.scores[learned])
        grid = guess.promising(max(2, int(GRID ** (1.0 / len(pools)))))
        guesses = guess.grid(grid)
        order = np.argsort(-guesses, axis=None)
        found: list[IntArray] = []
        step = max(4 * count, 4096)
        for at in range(0, len(order), step):
            corner = np.unravel_index(order[at : at + step], guesses.shape)
            filled = np.stack(
                [
                    pool[column[place]]
                    for pool, column, place in zip(
                        pools, grid, corner, strict=True
                    )
                ],
                axis=1,
            )
            fresh = self._fresh(filled)
            fresh = fresh[shares_few(fresh, barred, max_shared)]
            found.append(fresh[self.space.admissible(fresh)])
            if sum(map(len, found)) >= count:
                break
        return self._fresh(np.concatenate(found))[:count]

    def best(self, k: int, max_shared: int | None) -> list[int]:
        """The best outfits scored, each beside those before it.

        Args:
            k: How many.
            max_shared: Most items that two of them may have in common.

        Returns:
            Rows of `filled`, best first; fewer if there are no more.
        """
        return best_beside(self.filled, self.scores, k, max_shared)


def best_beside(
    filled: IntArray, scores: FloatArray, k: int, max_shared: int | None
) -> list[int]:
    """The best outfits, each of those that may stand beside the ones before.

    Args:
        filled: Item rows `(outfits, free slots)`, no outfit twice.
        scores: Float array `(outfits,)`.
        k: How many.
        max_shared: Most items that two of them may have in common; `None`
            for any number.

    Returns:
        Rows, best first; fewer than `k` if there are no more.
    """
    if max_shared is None:
        return np.argsort(-scores, kind="stable")[:k].tolist()
    left = np.ones(len(scores), bool)
    chosen: list[int] = []
    while len(chosen) < k and left.any():
        row = int(np.argmax(np.where(left, scores, -np.inf)))
        chosen.append(row)
        left &= shares_few(filled, filled[row : row + 1], max_shared)
        left[row] = False
    return chosen


def shares_few(
    filled: IntArray, others: IntArray, max_shared: int | None
) -> npt.NDArray[np.bool_]:
    """Which outfits share few items with each of some others."""
    kept = np.ones(len(filled), bool)
    if max_shared is not None:
        for other in others:
            kept &= np.isin(filled, other).sum(axis=1) <= max_shared
    return kept
