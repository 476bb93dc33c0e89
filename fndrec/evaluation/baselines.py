"""Counting baselines, which a model has to beat."""

from typing import Protocol

import numpy as np

from fndrec.data import OutfitData
from fndrec.data.item_sets import find_sets, set_keys
from fndrec.data.ranges import ranges

# Likes that the average user counts as beside the user's own.
PRIOR = 20.0
# Users whose co-occurrences are counted at once.
AT_ONCE = 256


class Baseline(Protocol):
    """A scorer that is not learned."""

    name: str

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        """Returns scores `(rows, candidates)` of outfits of item rows."""


class _Popularity:
    """A score that is the same for all users.

    Args:
        data: The data set.
    """

    def __init__(self, data: OutfitData) -> None:
        self.outfit_items = data.outfit_items

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def score_all(self, users: np.ndarray) -> np.ndarray:
        """Returns scores `(rows, outfits)` of all outfits of the data set."""
        one = self.score(users[:1], self.outfit_items[None])
        return np.broadcast_to(one, (len(users), one.shape[1]))


class ItemPopularity(_Popularity):
    """Scores an outfit by the mean log number of its items' train likes.

    Args:
        data: The data set.
    """

    name = "item popularity"

    def __init__(self, data: OutfitData) -> None:
        super().__init__(data)
        liked = data.outfit_items[data.likes("train").outfit]
        count = np.bincount(liked[liked >= 0], minlength=data.num_items)
        self.value = np.log1p(count)

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        present = outfits >= 0
        value = np.where(present, self.value[outfits], 0.0)
        return value.sum(axis=-1) / present.sum(axis=-1)


class OutfitPopularity(_Popularity):
    """Scores an outfit by the number of train likes of its exact item set.

    Args:
        data: The data set.
    """

    name = "outfit popularity"

    def __init__(self, data: OutfitData) -> None:
        super().__init__(data)
        outfit = data.likes("train").outfit
        keys = set_keys(data.outfit_items[outfit])
        self.keys, self.count = np.unique(keys, return_counts=True)

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        at = find_sets(self.keys, outfits)
        return np.where(at >= 0, self.count[at], 0).astype(np.float64)


class CoOccurrence:
    """Scores an outfit by how often it is liked along with the user's likes.

    The score is the number of pairs of an outfit that the user likes in train
    and another user who likes both it and the scored outfit. An outfit that
    has no train like scores 0.

    Args:
        data: The data set.

    Reference:

    - Sarwar et al. (2001), Item-based Collaborative Filtering Recommendation
      Algorithms, section 3 (with counts as similarity).
    """

    name = "co-occurrence"

    def __init__(self, data: OutfitData) -> None:
        likes = data.likes("train")
        self.keys, self.at = np.unique(
            set_keys(data.outfit_items), return_inverse=True
        )
        pairs = np.stack([likes.user, self.at[likes.outfit]], axis=1)
        user, self.liked = np.unique(pairs, axis=0).T
        self.first = np.searchsorted(user, np.arange(data.num_users + 1))
        number = np.diff(self.first)[user]
        places = ranges(self.first[user], number)
        wide = np.repeat(self.liked, number) * len(self.keys)
        cells, self.count = np.unique(
            wide + self.liked[places], return_counts=True
        )
        row, self.column = np.divmod(cells, len(self.keys))
        self.start = np.searchsorted(row, np.arange(len(self.keys) + 1))

    def _scores(self, users: np.ndarray) -> np.ndarray:
        """Returns scores `(users, item sets)`."""
        width = len(self.keys)
        scores = np.zeros((len(users), width), np.float32)
        for begin in range(0, len(users), AT_ONCE):
            part = users[begin : begin + AT_ONCE]
            number = self.first[part + 1] - self.first[part]
            own = self.liked[ranges(self.first[part], number)]
            row = np.repeat(np.arange(len(part)), number)
            size = self.start[own + 1] - self.start[own]
            cells = ranges(self.start[own], size)
            counts = np.bincount(
                np.repeat(row, size) * width + self.column[cells],
                self.count[cells],
                minlength=len(part) * width,
            ).reshape(len(part), width)
            # Nobody is another user: the own pairs do not count.
            counts[row, own] -= number[row]
            scores[begin : begin + AT_ONCE] = counts
        return scores

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        distinct, row = np.unique(users, return_inverse=True)
        at = find_sets(self.keys, outfits)
        scores = np.zeros(outfits.shape[:-1], np.float32)
        for start in range(0, len(distinct), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            rows = np.flatnonzero((row >= start) & (row < start + AT_ONCE))
            of_users = self._scores(distinct[part])
            scores[rows] = of_users[row[rows, None] - start, at[rows]]
        return np.where(at >= 0, scores, 0.0)

    def score_all(self, users: np.ndarray) -> np.ndarray:
        """Returns scores `(rows, outfits)` of all outfits of the data set."""
        return self._scores(users)[:, self.at]


class CategoryFrequency:
    """Scores an outfit by the user's preference for its categories.

    The score is the mean over the items of the logarithm of the lift. The
    lift is the share of the item's category among the user's liked items of
    its group, divided by its share among all liked items of that group.

    Args:
        data: The data set, whose items have categories.
    """

    name = "category frequency"

    def __init__(self, data: OutfitData) -> None:
        assert data.item_category is not None
        assert data.categories is not None
        likes = data.likes("train")
        items = data.outfit_items[likes.outfit]
        user = np.repeat(likes.user, items.shape[1])[items.ravel() >= 0]
        items = items[items >= 0]
        self.category = data.item_category
        num = len(data.categories)
        count = np.zeros((data.num_users, num))
        np.add.at(count, (user, self.category[items]), 1.0)
        group_of = np.zeros(num, int)
        group_of[data.item_category] = data.item_group
        in_group = (group_of[:, None] == group_of).astype(float)
        total = count.sum(axis=0) + 1e-9
        share = total / (total @ in_group)
        own = (count + PRIOR * share) / (count @ in_group + PRIOR)
        self.lift = np.log(own / share)

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        present = outfits >= 0
        lift = self.lift[users[:, None, None], self.category[outfits]]
        return np.where(present, lift, 0.0).sum(axis=-1) / present.sum(-1)


def default_baselines(data: OutfitData) -> list[Baseline]:
    """Returns the baselines that suit a data set.

    Args:
        data: The data set.

    Returns:
        Item popularity; outfit popularity and co-occurrence if users share
        outfits; category frequency if items have categories.
    """
    found: list[Baseline] = [ItemPopularity(data)]
    if data.shares_outfits:
        found += [OutfitPopularity(data), CoOccurrence(data)]
    if data.item_category is not None:
        found.append(CategoryFrequency(data))
    return found
