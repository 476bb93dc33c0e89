"""All outfits that a template allows."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.retrieval.composing.limit import Limit, slack

Constraint = Callable[[npt.NDArray[np.int32]], npt.ArrayLike]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

CHUNK = 1 << 16


class OutfitSpace:
    """All outfits with some items given and the free slots filled.

    Args:
        data: The data set.
        fixed: Rows of the items that are in every outfit.
        pools: For each free slot the rows of the items it takes, sorted.
        limits: Limits; those on each item have been kept by `fixed` and
            `pools` already.
        constraint: From item rows `(outfits, slots)` to which outfits are
            allowed.
        new: Whether outfits of the catalogue are left out.
        seed: Seed of the keys.
    """

    def __init__(
        self,
        data: OutfitData,
        fixed: IntArray,
        pools: Sequence[IntArray],
        limits: Sequence[Limit] = (),
        constraint: Constraint | None = None,
        new: bool = True,
        seed: int = 0,
    ) -> None:
        self.fixed = fixed
        self.pools = list(pools)
        self.sums = [limit for limit in limits if limit.of == "sum"]
        self.constraint = constraint
        # An outfit is the sum of its items' numbers, whatever their order:
        # of 64 random bits, so that two of a million are one in 10^7 tries.
        self.numbers = np.random.default_rng(seed).integers(
            0, 1 << 64, data.num_items, np.uint64
        )
        # The slot before of the same items, in whose order items stand.
        self.twin = [
            max(
                (j for j in range(i) if np.array_equal(pools[j], pool)),
                default=-1,
            )
            for i, pool in enumerate(self.pools)
        ]
        self.known = self._catalogue(data) if new else np.zeros(0, np.uint64)

    def _catalogue(self, data: OutfitData) -> npt.NDArray[np.uint64]:
        """Keys of the outfits of the catalogue of this size."""
        outfits = data.outfit_items
        size = len(self.fixed) + len(self.pools)
        outfits = outfits[(outfits >= 0).sum(axis=1) == size][:, :size]
        return np.unique(self.numbers[outfits].sum(axis=1, dtype=np.uint64))

    @property
    def size(self) -> int:
        """Number of ways to fill the slots, slots of the same items as sets.

        Where pools overlap but differ it counts some outfits twice.
        """
        total = 1
        for i, pool in enumerate(self.pools):
            if self.twin[i] < 0:
                alike = sum(np.array_equal(pool, other) for other in self.pools)
                total *= math.comb(len(pool), alike)
        return total

    def whole(self, filled: IntArray) -> IntArray:
        """Item rows `(outfits, items)`, the given ones last."""
        given = np.broadcast_to(self.fixed, (len(filled), len(self.fixed)))
        return np.concatenate([filled, given], axis=1).astype(np.int32)

    def keys(self, filled: IntArray) -> npt.NDArray[np.uint64]:
        """A number for each outfit, the same for the same free items."""
        return self.numbers[filled].sum(axis=1, dtype=np.uint64)

    def admissible(self, filled: IntArray) -> BoolArray:
        """Which outfits are allowed.

        Args:
            filled: Item rows `(outfits, free slots)`.

        Returns:
            bool array `(outfits,)`.

        Raises:
            ValueError: If the constraint returns something else.
        """
        kept = np.ones(len(filled), bool)
        columns = [*filled.T, *(np.full(1, row) for row in self.fixed)]
        for one, other in itertools.combinations(columns, 2):
            kept &= one != other
        if self.sums:
            kept &= self.excess(filled) <= 0
        if len(self.known):
            given = self.numbers[self.fixed].sum(dtype=np.uint64)
            kept &= ~np.isin(self.keys(filled) + given, self.known)
        if self.constraint is not None and kept.any():
            at = np.flatnonzero(kept)
            kept[at] = checked(self.constraint, self.whole(filled[at]))
        return kept

    def excess(self, filled: IntArray) -> npt.NDArray[np.float64]:
        """By how much outfits break the limits on sums, 0 if they keep them.

        Args:
            filled: Item rows `(outfits, free slots)`.

        Returns:
            float64 array `(outfits,)`.
        """
        excess = np.zeros(len(filled))
        for limit in self.sums:
            total = limit.values[filled].sum(axis=1)
            total = total + limit.values[self.fixed].sum()
            over = np.maximum(total - limit.most, limit.least - total)
            excess += np.where(over > slack(total), over, 0.0)
        return excess

    def all(self, chunk: int = CHUNK) -> Iterator[IntArray]:
        """Every way to fill the slots, in parts of item rows.

        Args:
            chunk: Rows of a part.

        Yields:
            int32 arrays `(outfits, free slots)`.
        """
        sizes = [len(pool) for pool in self.pools]
        for start in range(0, math.prod(sizes), chunk):
            stop = min(start + chunk, math.prod(sizes))
            places = np.unravel_index(np.arange(start, stop), sizes or (1,))
            kept = np.ones(stop - start, bool)
            for i, twin in enumerate(self.twin):
                if twin >= 0:
                    kept &= places[twin] < places[i]
            filled = [
                pool[place[kept]]
                for pool, place in zip(self.pools, places, strict=False)
            ]
            yield (
                np.stack(filled, axis=1).astype(np.int32)
                if filled
                else np.zeros((1, 0), np.int32)
            )

    def sample(self, count: int, rng: np.random.Generator) -> IntArray:
        """Slots filled at random, each way as likely as another.

        Args:
            count: How many.
            rng: The generator.

        Returns:
            int32 array `(count, free slots)`; some are not admissible.
        """
        filled = [
            pool[rng.integers(0, len(pool), count)] for pool in self.pools
        ]
        return np.stack(filled, axis=1).astype(np.int32)

    def check_sums(self, data: OutfitData) -> None:
        """Raises if a limit alone leaves no outfit.

        Args:
            data: The data set.

        Raises:
            DataError: If the least or the greatest sum of the items of the
                slots is out of the limit.
        """
        for limit in self.sums:
            given = limit.values[self.fixed].sum()
            low = given + sum(limit.values[p].min() for p in self.pools)
            high = given + sum(limit.values[p].max() for p in self.pools)
            room = slack(max(abs(low), abs(high)))
            if low > limit.most + room or high < limit.least - room:
                raise DataError(
                    f"{data.name}: items that can keep the limit {limit} were "
                    "expected. Received: items of which an outfit has "
                    f"{low:g} at the least and {high:g} at the most"
                )


def checked(constraint: Constraint, outfits: IntArray) -> BoolArray:
    """What a constraint says of outfits.

    Args:
        constraint: The constraint.
        outfits: Item rows `(outfits, slots)`.

    Returns:
        bool array `(outfits,)`.

    Raises:
        ValueError: If it returns something else.
    """
    kept = np.asarray(constraint(outfits))
    if kept.dtype != bool or kept.shape != (len(outfits),):
        raise ValueError(
            "`constraint` should return a bool for each outfit, of shape "
            f"({len(outfits)},). Received: shape={kept.shape}, "
            f"dtype={kept.dtype}"
        )
    return kept
