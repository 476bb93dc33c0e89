"""Outfits to begin with."""

import numpy as np
import numpy.typing as npt

from fndrec.retrieval.composing._outfit_space import OutfitSpace

IntArray = npt.NDArray[np.int32]

# Constraints are quick beside scores.
MOST_LOOKED_AT = 2_000_000
DRAWS = 200_000
REPAIRED = 64


class Starts:
    """Admissible outfits: all of them if they are few, else a random part.

    Args:
        space: The outfits.
        few: Most that are all given.
        count: How many are given else.
        rng: The generator.

    Attributes:
        space: The outfits.
        outfits: Item rows `(outfits, free slots)`, none twice.
        complete: Whether these are all there are.
        sampled: How many draws at random gave an admissible outfit, each as
            likely as another.
        looked_at: How many ways to fill the slots were looked at.
        all_looked_at: Whether these were all.
    """

    def __init__(
        self,
        space: OutfitSpace,
        few: int,
        count: int,
        rng: np.random.Generator,
    ) -> None:
        self.space = space
        self.complete = False
        self.looked_at = 0
        self.all_looked_at = False
        self.outfits: IntArray = np.zeros((0, len(space.pools)), np.int32)
        if space.size > few:
            self._draw(count, rng)
        self.sampled = len(self.outfits)
        # With few of them left by the constraints, all may be looked at.
        scarce = 2 * len(self.outfits) < count
        if space.size <= few or (scarce and space.size <= MOST_LOOKED_AT):
            self._look_at_all(few, count, rng)
        elif not len(self.outfits):
            self._repair(rng)
        keys = space.keys(self.outfits)
        self.outfits = self.outfits[np.unique(keys, return_index=True)[1]]

    def _draw(self, count: int, rng: np.random.Generator) -> None:
        parts = [self.outfits]
        size = count
        while sum(map(len, parts)) < count and self.looked_at < DRAWS:
            drawn = self.space.sample(size, rng)
            parts.append(drawn[self.space.admissible(drawn)])
            self.looked_at += size
            size = min(4 * size, 1 << 16)
        self.outfits = np.concatenate(parts)[:count]

    def _look_at_all(
        self, few: int, count: int, rng: np.random.Generator
    ) -> None:
        parts = [self.outfits[:0]]
        self.looked_at = 0
        for filled in self.space.all():
            parts.append(filled[self.space.admissible(filled)])
            self.looked_at += len(filled)
        found = np.concatenate(parts)
        # The same outfit by two ways, where the pools overlap.
        _, first = np.unique(self.space.keys(found), return_index=True)
        found = found[np.sort(first)]
        self.all_looked_at = True
        self.complete = len(found) <= few
        if not self.complete:
            found = found[rng.choice(len(found), count, replace=False)]
        self.outfits = found
        self.sampled = len(found)

    def _repair(self, rng: np.random.Generator) -> None:
        """Exchanges items of random outfits for those that keep the sums.

        One item at a time, for the one that leaves the least excess.
        """
        filled = self.space.sample(REPAIRED, rng)
        for _ in range(3):
            for slot, pool in enumerate(self.space.pools):
                for row in filled:
                    tries = np.repeat(row[None], len(pool), axis=0)
                    tries[:, slot] = pool
                    excess = self.space.excess(tries)
                    excess[np.isin(pool, np.delete(row, slot))] = np.inf
                    row[slot] = pool[np.argmin(excess)]
                    self.looked_at += len(pool)
        self.outfits = filled[self.space.admissible(filled)]
