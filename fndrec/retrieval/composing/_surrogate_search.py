"""A search for the best outfits of a space too large to score."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from fndrec.retrieval.composing._outfit_space import OutfitSpace
from fndrec.retrieval.composing._surrogate import Surrogate

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]

# Estimates per round.
GRID = 200_000
ROUNDS = 6
RANDOM_SHARE = 0.16
"""Share of the budget that goes to random outfits."""


class SurrogateSearch:
    """Scores the outfits that a surrogate of the score estimates highest.

    The surrogate is fitted again in each round.

    Args:
        space: The outfit space.
        features: Features of the items of each free slot.
        score: Function from item rows `(outfits, items)` to scores.
        budget: Number of outfits to score, at most.

    Attributes:
        filled: Item rows `(outfits, free slots)` of the scored outfits.
        scores: Their scores, float64 `(outfits,)`.
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
        self.filled = np.zeros((0, len(space.pools)), np.int32)
        self.scores = np.zeros(0, np.float64)

    def run(self, start: IntArray, k: int, max_shared: int | None) -> None:
        """Scores outfits until the budget is used up.

        Args:
            start: Admissible outfits `(outfits, free slots)` to start from.
            k: Number of outfits to return in the end.
            max_shared: Number of items that two of these may share, at most.
        """
        self._score_new(start)
        # One more round for each outfit after the first, for outfits that
        # share few items with those before it.
        rounds = ROUNDS + (0 if max_shared is None else k - 1)
        size = max(1, (self.budget - len(self.scores)) // rounds)
        for step in range(rounds):
            selected = self.filled[:0]
            if max_shared is not None and step >= ROUNDS:
                count = step - ROUNDS + 1
                selected = self.filled[
                    select_best(self.filled, self.scores, count, max_shared)
                ]
            if step == rounds - 1:
                size = self.budget - len(self.scores)
            self._score_new(self._propose(size, selected, max_shared))

    def _score_new(self, filled: IntArray) -> None:
        """Scores those outfits that have not been scored."""
        new = self._distinct_new(filled)[: self.budget - len(self.scores)]
        if not len(new):
            return
        self.seen.update(self.space.keys(new).tolist())
        scores = self.score(self.space.item_sets(new)).astype(np.float64)
        self.filled = np.concatenate([self.filled, new])
        self.scores = np.concatenate([self.scores, scores])

    def _distinct_new(self, filled: IntArray) -> IntArray:
        """Returns the distinct outfits that have not been scored."""
        keys = self.space.keys(filled)
        _, first = np.unique(keys, return_index=True)
        first.sort()
        new = [key not in self.seen for key in keys[first].tolist()]
        return filled[first[np.array(new, bool)]]

    def _propose(
        self, count: int, selected: IntArray, max_shared: int | None
    ) -> IntArray:
        """Returns the admissible new outfits with the highest estimates.

        Args:
            count: Number of outfits.
            selected: Outfits with which they may share few items.
            max_shared: Number of items that they may share, at most.

        Returns:
            Item rows `(outfits, free slots)`.
        """
        if count < 1 or not len(self.scores):
            return self.filled[:0]
        pools = self.space.pools
        positions = np.stack(
            [
                np.searchsorted(pool, column)
                for pool, column in zip(pools, self.filled.T, strict=True)
            ],
            axis=1,
        )
        train = _shares_few(self.filled, selected, max_shared)
        if train.sum() < 2 * len(pools):
            train[:] = True
        surrogate = Surrogate(
            self.features, positions[train], self.scores[train]
        )
        grid = surrogate.promising(max(2, int(GRID ** (1.0 / len(pools)))))
        estimates = surrogate.grid(grid)
        order = np.argsort(-estimates, axis=None)
        proposed: list[IntArray] = []
        step = max(4 * count, 4096)
        for start in range(0, len(order), step):
            cells = np.unravel_index(
                order[start : start + step], estimates.shape
            )
            filled = np.stack(
                [
                    pool[column[cell]]
                    for pool, column, cell in zip(
                        pools, grid, cells, strict=True
                    )
                ],
                axis=1,
            )
            new = self._distinct_new(filled)
            new = new[_shares_few(new, selected, max_shared)]
            proposed.append(new[self.space.admissible(new)])
            if sum(map(len, proposed)) >= count:
                break
        return self._distinct_new(np.concatenate(proposed))[:count]


def select_best(
    filled: IntArray, scores: FloatArray, k: int, max_shared: int | None
) -> list[int]:
    """Selects the best outfits, each sharing few items with those before it.

    Args:
        filled: Item rows `(outfits, free slots)`, all different.
        scores: Float array `(outfits,)`.
        k: Number of outfits.
        max_shared: Number of items that two of them may share, at most; `None`
            for any number.

    Returns:
        Rows, best first; fewer than `k` if there are no more.
    """
    if max_shared is None:
        return np.argsort(-scores, kind="stable")[:k].tolist()
    allowed = np.ones(len(scores), bool)
    selected: list[int] = []
    while len(selected) < k and allowed.any():
        row = int(np.argmax(np.where(allowed, scores, -np.inf)))
        selected.append(row)
        allowed &= _shares_few(filled, filled[row : row + 1], max_shared)
        allowed[row] = False
    return selected


def _shares_few(
    filled: IntArray, others: IntArray, max_shared: int | None
) -> npt.NDArray[np.bool_]:
    """Returns the mask of the outfits that share few items with all others."""
    few = np.ones(len(filled), bool)
    if max_shared is not None:
        for other in others:
            few &= np.isin(filled, other).sum(axis=1) <= max_shared
    return few
