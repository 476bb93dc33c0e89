"""The outfits that a search starts from."""

import numpy as np
import numpy.typing as npt

from fndrec.retrieval.composing._outfit_space import OutfitSpace

IntArray = npt.NDArray[np.int32]

# Largest space that is checked completely: constraints are fast compared with
# scores.
MAX_CHECKED = 2_000_000
# Random fillings that are checked, at most (give or take one batch).
MAX_DRAWS = 200_000
# Random fillings that are repaired where none is admissible.
REPAIRED = 64


class Starts:
    """Admissible outfits: all of them if there are few, else a random sample.

    Args:
        space: The outfit space.
        few: Largest number of outfits that are all returned.
        count: Size of the sample if there are more.
        rng: The random generator.

    Attributes:
        space: The outfit space.
        outfits: Item rows `(outfits, free slots)`, all different.
        complete: Whether these are all admissible outfits.
        sampled: Number of uniform random draws that were admissible.
        num_checked: Number of fillings that were checked.
        all_checked: Whether these were all fillings.
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
        self.num_checked = 0
        self.all_checked = False
        self.outfits: IntArray = np.zeros((0, len(space.pools)), np.int32)
        if space.size > few:
            self._draw(count, rng)
        self.sampled = len(self.outfits)
        # Where few draws are admissible, the whole space is checked if it is
        # small enough.
        scarce = 2 * len(self.outfits) < count
        if space.size <= few or (scarce and space.size <= MAX_CHECKED):
            self._check_all(few, count, rng)
        elif not len(self.outfits):
            self._repair(rng)
        keys = space.keys(self.outfits)
        self.outfits = self.outfits[np.unique(keys, return_index=True)[1]]

    def _draw(self, count: int, rng: np.random.Generator) -> None:
        parts = [self.outfits]
        size = count
        while sum(map(len, parts)) < count and self.num_checked < MAX_DRAWS:
            drawn = self.space.sample(size, rng)
            parts.append(drawn[self.space.admissible(drawn)])
            self.num_checked += size
            size = min(4 * size, 1 << 16)
        self.outfits = np.concatenate(parts)[:count]

    def _check_all(
        self, few: int, count: int, rng: np.random.Generator
    ) -> None:
        parts = [self.outfits[:0]]
        self.num_checked = 0
        for filled in self.space.fillings():
            parts.append(filled[self.space.admissible(filled)])
            self.num_checked += len(filled)
        outfits = np.concatenate(parts)
        # Overlapping pools give the same outfit more than once.
        _, first = np.unique(self.space.keys(outfits), return_index=True)
        outfits = outfits[np.sort(first)]
        self.all_checked = True
        self.complete = len(outfits) <= few
        if not self.complete:
            outfits = outfits[rng.choice(len(outfits), count, replace=False)]
        self.outfits = outfits
        self.sampled = len(outfits)

    def _repair(self, rng: np.random.Generator) -> None:
        """Exchanges items of random outfits until the limits on sums hold.

        Each step replaces one item by the item that leaves the least excess.
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
                    self.num_checked += len(pool)
        self.outfits = filled[self.space.admissible(filled)]
