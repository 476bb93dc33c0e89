"""Negatives: outfits that a liked outfit is ranked against."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fndrec.data.item_sets import distinct_items, set_ids
from fndrec.errors import DataError

if TYPE_CHECKING:
    from fndrec.data.outfit_data import OutfitData

KINDS = ("recombined", "catalogue", "hard")
# Most rounds in which unusable draws are drawn again.
ROUNDS = 8


class NegativeSampler:
    """Draws negatives for liked outfits, vectorized over the batch.

    There are three kinds, which a mixture combines:

    - `"recombined"`: the liked outfit, with each slot filled by an item of
      the same group (see `OutfitData.item_group`) from another like of the
      batch. The batch gets hardly any new items.
    - `"catalogue"`: the same with items drawn uniformly from all likes of the
      split, known as type-aware random negatives. Items without a like in
      the split are left out, because a model could recognize them as never
      seen.
    - `"hard"`: whole outfits that other users liked and this user did not.

    A negative never has exactly the items of the liked outfit. It holds no
    item twice, and each slot keeps its group, unless the catalogue leaves no
    choice.

    Args:
        data: The data set.
        split: Split that items and outfits are drawn from.
        sampling: One of the kinds, or a mixture such as
            `{"recombined": 0.5, "hard": 0.5}`.
        known: Splits whose liked outfits are never hard negatives of the
            same user.

    Raises:
        ValueError: If `sampling` is not known.

    Example:

    >>> sampler = NegativeSampler(data, "train", "recombined")
    >>> rng = np.random.default_rng(0)
    >>> likes = data.likes("train")
    >>> sampler(likes.user[:32], likes.outfit[:32], 10, rng).shape
    (32, 10, 5)

    Reference: Lu et al. 2019 (type-aware random and hard negatives).
    """

    def __init__(
        self,
        data: "OutfitData",
        split: str,
        sampling: str | Mapping[str, float] = "recombined",
        known: tuple[str, ...] = ("train",),
    ) -> None:
        self.mixture = _mixture(sampling)
        self.outfit_items = data.outfit_items
        self.group = data.item_group
        self.num_outfits = data.num_outfits
        self.num_items = data.num_items
        likes = data.likes(split)
        if "hard" in self.mixture:
            self.liked_outfits = np.unique(likes.outfit)
            # Outfits of the same items count as one.
            (self.item_set,) = set_ids(self.outfit_items)
            pairs = [
                self._pairs(data.likes(s).user, data.likes(s).outfit)
                for s in {split, *known} & set(data.splits)
            ]
            self.known_pairs = np.unique(np.concatenate(pairs))
        entries = distinct_items(self.outfit_items[likes.outfit])
        self.catalogue = _Pool(entries, self.group[entries])

    def _pairs(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        return (
            users.astype(np.int64) * self.num_outfits + self.item_set[outfits]
        )

    def __call__(
        self,
        users: np.ndarray,
        outfits: np.ndarray,
        negatives: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draws the negatives of a batch of likes.

        Args:
            users: `(batch,)` rows of users.
            outfits: `(batch,)` rows of liked outfits.
            negatives: Negatives per like.
            rng: Source of all draws.

        Returns:
            Int32 array `(batch, negatives, slots)` of item rows, padded with
            -1.
        """
        liked = self.outfit_items[outfits]
        drawn = []
        for kind, number in _counts(self.mixture, negatives):
            if kind == "hard":
                drawn.append(self._hard(users, number, rng))
            else:
                drawn.append(self._recombined(liked, number, kind, rng))
        if not drawn:
            return np.zeros((len(users), 0, liked.shape[1]), np.int32)
        return np.concatenate(drawn, axis=1)

    def wrong_items(
        self,
        liked: np.ndarray,
        slot: np.ndarray,
        number: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draws wrong items for one slot of each outfit (fill in the blank).

        Items are drawn as for `"catalogue"`, and none is in the outfit. They
        have the group of the right item unless that group has no other item.
        They are distinct unless the group is small.

        Args:
            liked: `(batch, slots)` item rows, padded with -1.
            slot: `(batch,)` one filled slot of each outfit.
            number: Items per outfit.
            rng: Source of all draws.

        Returns:
            Int32 array `(batch, number)` of item rows.
        """
        right = liked[np.arange(len(liked)), slot]
        group = np.repeat(self.group[right], number)
        outfit = np.repeat(liked, number, axis=0)
        drawn = self.catalogue.draw(group, rng)[0]
        for _ in range(ROUNDS):
            inside = (drawn[:, None] == outfit).any(axis=1)
            again = np.flatnonzero(inside | _repeated(drawn, number))
            if not len(again):
                break
            drawn[again] = self.catalogue.draw(group[again], rng)[0]
        for row in np.flatnonzero((drawn[:, None] == outfit).any(axis=1)):
            others = self._others(group[row], outfit[row])
            if not len(others):
                raise self._no_other_item()
            drawn[row] = rng.choice(others)
        return drawn.reshape(-1, number)

    def _hard(
        self, users: np.ndarray, number: int, rng: np.random.Generator
    ) -> np.ndarray:
        users = np.repeat(users, number)
        outfits = np.empty(len(users), np.int64)
        missing = np.arange(len(users))
        for _ in range(20 * ROUNDS):
            outfits[missing] = rng.choice(self.liked_outfits, len(missing))
            pairs = self._pairs(users[missing], outfits[missing])
            nearest = np.searchsorted(self.known_pairs, pairs)
            nearest = np.minimum(nearest, len(self.known_pairs) - 1)
            missing = missing[self.known_pairs[nearest] == pairs]
            if not len(missing):
                items = self.outfit_items[outfits]
                return items.reshape(-1, number, items.shape[-1])
        raise DataError(
            "Hard negatives are outfits that others liked and the user did "
            "not. Received: a user, row "
            f"{users[missing[0]]}, who liked (almost) all of the "
            f"{len(self.liked_outfits)} liked outfits"
        )

    def _recombined(
        self,
        liked: np.ndarray,
        number: int,
        kind: str,
        rng: np.random.Generator,
    ) -> np.ndarray:
        batch, slots = liked.shape
        like, slot = np.nonzero(liked >= 0)
        present = liked[like, slot]
        groups = self.group[present]
        # One entry per slot to fill, of (batch * number) outfits.
        rows = (like[:, None] * number + np.arange(number)).ravel()
        columns = np.repeat(slot, number)
        own_like = np.repeat(like, number)
        group = np.repeat(groups, number)
        own = np.repeat(present, number)

        if kind == "recombined":
            pool = _Pool(present, groups, like)
            drawn, source = pool.draw(group, rng)
            for _ in range(ROUNDS):
                again = np.flatnonzero(source == own_like)
                if not len(again):
                    break
                drawn[again], source[again] = pool.draw(group[again], rng)
            unchanged = np.flatnonzero(source == own_like)
            drawn[unchanged] = self.catalogue.draw(group[unchanged], rng)[0]
        else:
            drawn = self.catalogue.draw(group, rng)[0]

        filled = np.full((batch * number, slots), -1, np.int32)
        filled[rows, columns] = drawn
        original = np.full_like(filled, -1)
        original[rows, columns] = own
        for _ in range(ROUNDS):
            bad = np.flatnonzero(_unusable(filled, original))
            if not len(bad):
                break
            again = np.flatnonzero(np.isin(rows, bad))
            filled[rows[again], columns[again]] = self.catalogue.draw(
                group[again], rng
            )[0]
        self._repair(filled, original, rng)
        return filled.reshape(batch, number, slots)

    def _repair(
        self,
        filled: np.ndarray,
        original: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        """Repairs negatives that are still unusable, item by item."""
        for row in np.flatnonzero(_unusable(filled, original)):
            outfit, liked = filled[row], original[row]
            slots = rng.permutation(np.flatnonzero(liked >= 0))
            for slot in slots:
                if np.sum(outfit == outfit[slot]) > 1:
                    others = self._others(self.group[liked[slot]], outfit)
                    if len(others):
                        outfit[slot] = rng.choice(others)
            if np.array_equal(np.sort(outfit), np.sort(liked)):
                slot, others = self._exchange(slots, liked)
                outfit[slot] = rng.choice(others)

    def _exchange(
        self, slots: np.ndarray, liked: np.ndarray
    ) -> tuple[int, np.ndarray]:
        """Returns a slot and items for it, of the same group if possible."""
        options = [
            (slot, self._others(self.group[liked[slot]], liked))
            for slot in slots
        ]
        for slot, others in options:
            if len(others) and self.group[others[0]] == self.group[liked[slot]]:
                return slot, others
        if not len(options[0][1]):
            raise self._no_other_item()
        return options[0]

    def _no_other_item(self) -> DataError:
        return DataError(
            "A negative needs an item that is not in the liked outfit. "
            f"Received: a catalogue of {self.num_items} items, all in one "
            "outfit"
        )

    def _others(self, group: int, outfit: np.ndarray) -> np.ndarray:
        """Returns items of the group, or else any, that are not in `outfit`."""
        inside = np.setdiff1d(np.flatnonzero(self.group == group), outfit)
        if len(inside):
            return inside
        return np.setdiff1d(np.arange(self.num_items), outfit)


class _Pool:
    """Item occurrences by group, drawn uniformly within a group."""

    def __init__(
        self,
        items: np.ndarray,
        groups: np.ndarray,
        sources: np.ndarray | None = None,
    ) -> None:
        order = np.argsort(groups, kind="stable")
        self.items = items[order]
        self.sources = (
            np.full(len(items), -1) if sources is None else sources[order]
        )
        self.count = np.bincount(groups)
        self.start = np.cumsum(self.count) - self.count

    def draw(
        self, groups: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        # Outfits of another split can have groups that the pool lacks.
        inside = groups < len(self.count)
        safe = np.where(inside, groups, 0)
        count = np.where(inside, self.count[safe], 0)
        chosen = self.start[safe] + (rng.random(len(groups)) * count).astype(
            int
        )
        chosen = np.where(
            count > 0, chosen, rng.integers(len(self.items), size=len(groups))
        )
        return self.items[chosen], self.sources[chosen]


def _unusable(filled: np.ndarray, original: np.ndarray) -> np.ndarray:
    """Marks rows that equal the liked outfit or hold an item twice."""
    ordered = np.sort(filled, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    same = np.all(ordered == np.sort(original, axis=1), axis=1)
    return same | twice.any(axis=1)


def _repeated(items: np.ndarray, number: int) -> np.ndarray:
    """Marks items that occur earlier in their run of `number` items."""
    table = items.reshape(-1, number)
    repeated = np.zeros(table.shape, bool)
    for column in range(1, number):
        before = table[:, :column] == table[:, [column]]
        repeated[:, column] = before.any(axis=1)
    return repeated.ravel()


def _mixture(sampling: str | Mapping[str, float]) -> dict[str, float]:
    mixture = {sampling: 1.0} if isinstance(sampling, str) else dict(sampling)
    unknown = [kind for kind in mixture if kind not in KINDS]
    if unknown or not mixture or min(mixture.values()) <= 0:
        raise ValueError(
            f"`negative_sampling` should be one of {KINDS}, or a mixture of "
            "them with positive shares. Received: "
            f"negative_sampling={sampling!r}"
        )
    total = sum(mixture.values())
    return {kind: share / total for kind, share in mixture.items()}


def _counts(mixture: dict[str, float], number: int) -> list[tuple[str, int]]:
    """Splits a number of negatives by the largest remainder method."""
    kinds = list(mixture)
    exact = np.array([mixture[kind] * number for kind in kinds])
    counts = np.floor(exact).astype(int)
    rest = np.argsort(-(exact - counts), kind="stable")
    counts[rest[: number - counts.sum()]] += 1
    return [(k, int(c)) for k, c in zip(kinds, counts, strict=True) if c]
