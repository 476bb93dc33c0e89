"""The outfits that a template allows."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.retrieval.composing.limit import Limit, slack, sum_excess

Constraint = Callable[[npt.NDArray[np.int32]], npt.ArrayLike]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

CHUNK = 1 << 16


class OutfitSpace:
    """All outfits that consist of fixed items and fillings of the free slots.

    Args:
        data: The data set.
        fixed: Rows of the items that are in every outfit.
        pools: Sorted rows of the candidate items, one array per free slot.
        limits: The limits. `fixed` and `pools` already keep those on each item.
        constraint: Function from item rows `(outfits, slots)` to a mask of the
            allowed outfits.
        new: Whether to leave out outfits of the catalogue.
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
        # The key of an outfit is the sum of its items' random 64-bit keys, so
        # order does not matter. Two of a million outfits share a key with a
        # probability below 1e-7.
        self.item_keys = np.random.default_rng(seed).integers(
            0, 1 << 64, data.num_items, np.uint64
        )
        # The last earlier slot of the same pool, else -1. Items of such slots
        # are kept in ascending order.
        self.twin = [
            max(
                (j for j in range(i) if np.array_equal(pools[j], pool)),
                default=-1,
            )
            for i, pool in enumerate(self.pools)
        ]
        self.catalogue_keys = (
            self._catalogue_keys(data) if new else np.zeros(0, np.uint64)
        )

    def _catalogue_keys(self, data: OutfitData) -> npt.NDArray[np.uint64]:
        """Returns the keys of the catalogue's outfits of this size."""
        outfits = data.outfit_items
        size = len(self.fixed) + len(self.pools)
        outfits = outfits[(outfits >= 0).sum(axis=1) == size][:, :size]
        return np.unique(self.item_keys[outfits].sum(axis=1, dtype=np.uint64))

    @property
    def size(self) -> int:
        """Number of fillings, in any order within slots of the same pool.

        Outfits can count more than once where different pools overlap.
        """
        total = 1
        for i, pool in enumerate(self.pools):
            if self.twin[i] < 0:
                count = sum(np.array_equal(pool, other) for other in self.pools)
                total *= math.comb(len(pool), count)
        return total

    def item_sets(self, filled: IntArray) -> IntArray:
        """Returns item rows `(outfits, items)`, the fixed items last."""
        fixed = np.broadcast_to(self.fixed, (len(filled), len(self.fixed)))
        return np.concatenate([filled, fixed], axis=1).astype(np.int32)

    def keys(self, filled: IntArray) -> npt.NDArray[np.uint64]:
        """Returns one key per outfit, equal for equal items in free slots."""
        return self.item_keys[filled].sum(axis=1, dtype=np.uint64)

    def admissible(self, filled: IntArray) -> BoolArray:
        """Returns the mask of the allowed outfits.

        Args:
            filled: Item rows `(outfits, free slots)`.

        Returns:
            Bool array `(outfits,)`.

        Raises:
            ValueError: If the constraint returns anything but such an array.
        """
        allowed = np.ones(len(filled), bool)
        columns = [*filled.T, *(np.full(1, row) for row in self.fixed)]
        for column, other in itertools.combinations(columns, 2):
            allowed &= column != other
        if self.sums:
            allowed &= self.excess(filled) <= 0
        if len(self.catalogue_keys):
            fixed_key = self.item_keys[self.fixed].sum(dtype=np.uint64)
            allowed &= ~np.isin(
                self.keys(filled) + fixed_key, self.catalogue_keys
            )
        if self.constraint is not None and allowed.any():
            rows = np.flatnonzero(allowed)
            allowed[rows] = _apply(
                self.constraint, self.item_sets(filled[rows])
            )
        return allowed

    def excess(self, filled: IntArray) -> npt.NDArray[np.float64]:
        """Returns by how much outfits break the limits on sums.

        Args:
            filled: Item rows `(outfits, free slots)`.

        Returns:
            Float64 array `(outfits,)`, 0 where an outfit keeps the limits.
        """
        excess = np.zeros(len(filled))
        for limit in self.sums:
            totals = limit.values[filled].sum(axis=1)
            totals = totals + limit.values[self.fixed].sum()
            excess += sum_excess(limit, totals)
        return excess

    def fillings(self, chunk: int = CHUNK) -> Iterator[IntArray]:
        """Yields all fillings of the free slots, chunk by chunk.

        Args:
            chunk: Number of fillings per chunk, at most.

        Yields:
            Int32 arrays `(outfits, free slots)` of item rows.
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
        """Draws fillings of the free slots uniformly at random.

        Args:
            count: Number of fillings.
            rng: The random generator.

        Returns:
            Int32 array `(count, free slots)`; some may not be admissible.
        """
        filled = [
            pool[rng.integers(0, len(pool), count)] for pool in self.pools
        ]
        return np.stack(filled, axis=1).astype(np.int32)

    def check_sums(self, data: OutfitData) -> None:
        """Raises if a single limit rules out all outfits.

        Args:
            data: The data set.

        Raises:
            DataError: If even the least sum is above a limit, or even the
                greatest sum is below it.
        """
        for limit in self.sums:
            fixed = limit.values[self.fixed].sum()
            low = fixed + sum(limit.values[p].min() for p in self.pools)
            high = fixed + sum(limit.values[p].max() for p in self.pools)
            margin = slack(max(abs(low), abs(high)))
            if low > limit.most + margin or high < limit.least - margin:
                raise DataError(
                    f"{data.name}: items that can keep the limit {limit} were "
                    "expected. Received: items whose sum is between "
                    f"{low:g} and {high:g}"
                )


def _apply(constraint: Constraint, outfits: IntArray) -> BoolArray:
    """Returns the mask `(outfits,)` that a constraint gives, checked."""
    allowed = np.asarray(constraint(outfits))
    if allowed.dtype != bool or allowed.shape != (len(outfits),):
        raise ValueError(
            "`constraint` should return a bool for each outfit, of shape "
            f"({len(outfits)},). Received: shape={allowed.shape}, "
            f"dtype={allowed.dtype}"
        )
    return allowed
