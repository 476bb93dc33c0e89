"""The outfits that users liked, as what a user is known by."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fndrec.data.outfit_data import OutfitData


class HistorySampler:
    """Draws outfits that the users of a batch liked, the target left out.

    In training the likes come in groups of one user, and the history of
    a like is what stands beside it in its batch: outfits that are encoded
    anyway, so that histories cost next to nothing. Else it is drawn from all
    that the user liked in train.

    Args:
        data: The data set.
        most: Outfits of a history at the most.

    Example:

    >>> sampler = HistorySampler(data, most=7)
    >>> rng = np.random.default_rng(0)
    >>> likes = data.likes("valid")
    >>> sampler.from_train(likes.user[:32], likes.outfit[:32], rng).shape
    (32, 7)
    """

    def __init__(self, data: "OutfitData", most: int) -> None:
        self.most = most
        likes = data.likes("train")
        self.train = _ByUser(likes.user, likes.outfit)

    def order(self, users: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A random order of likes in which groups of a user stand together.

        Args:
            users: `(likes,)` rows of users.
            rng: Source of the draw.

        Returns:
            `(likes,)` positions. The groups of a user differ by one like at
            the most and have at most one more than a history.
        """
        by_user = np.lexsort((rng.random(len(users)), users))
        count = np.bincount(users)[users[by_user]]
        rank = _rank(users[by_user])
        groups = -(-count // (self.most + 1))
        group = rank * groups // np.maximum(count, 1)
        new = np.ones(len(users), bool)
        new[1:] = (np.diff(users[by_user]) != 0) | (np.diff(group) != 0)
        number = np.cumsum(new) - 1
        place = rng.permutation(int(new.sum()))[number]
        return by_user[np.argsort(place, kind="stable")]

    def from_batch(
        self,
        users: np.ndarray,
        outfits: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Histories of what stands beside each like in a batch.

        A history is cut to a random length, so that a user of few likes is
        no rarity.

        Args:
            users: `(batch,)` rows of users.
            outfits: `(batch,)` rows of liked outfits.
            rng: Source of all draws.

        Returns:
            Int32 array `(batch, most)` of outfit rows, -1 for none.
        """
        found = _ByUser(users, outfits).draw(users, outfits, self.most, rng)
        length = (found >= 0).sum(axis=1)
        kept = np.ceil(rng.random(len(users)) * length)
        return np.where(np.arange(self.most) < kept[:, None], found, -1)

    def from_train(
        self,
        users: np.ndarray,
        outfits: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Histories drawn from all that the users liked in train.

        Args:
            users: `(batch,)` rows of users.
            outfits: `(batch,)` rows of outfits that are left out.
            rng: Source of all draws.

        Returns:
            Int32 array `(batch, most)` of outfit rows, -1 for none.
        """
        return self.train.draw(users, outfits, self.most, rng)


class _ByUser:
    """Likes sorted by user."""

    def __init__(self, users: np.ndarray, outfits: np.ndarray) -> None:
        order = np.argsort(users, kind="stable")
        self.outfit = outfits[order]
        self.count = np.bincount(users)
        self.start = np.cumsum(self.count) - self.count

    def draw(
        self,
        users: np.ndarray,
        outfits: np.ndarray,
        most: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        known = users < len(self.count)
        user = np.where(known, users, 0)
        count = np.where(known, self.count[user], 0)
        # All likes of all users, one after the other.
        row = np.repeat(np.arange(len(users)), count)
        at = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        liked = self.outfit[self.start[user][row] + at]
        other = liked != outfits[row]
        row, liked = row[other], liked[other]
        order = np.lexsort((rng.random(len(row)), row))
        row, liked = row[order], liked[order]
        rank = _rank(row)
        kept = rank < most
        found = np.full((len(users), most), -1, np.int32)
        found[row[kept], rank[kept]] = liked[kept]
        return found


def _rank(sorted_keys: np.ndarray) -> np.ndarray:
    """Position of each element within its run of equal ones."""
    place = np.arange(len(sorted_keys))
    new = np.ones(len(sorted_keys), bool)
    new[1:] = sorted_keys[1:] != sorted_keys[:-1]
    return place - np.maximum.accumulate(np.where(new, place, 0))
