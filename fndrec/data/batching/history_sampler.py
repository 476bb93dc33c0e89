"""Histories: other outfits that the user of a like has liked."""

from typing import TYPE_CHECKING

import numpy as np

from fndrec.data.ranges import ranges

if TYPE_CHECKING:
    from fndrec.data.outfit_data import OutfitData


class HistorySampler:
    """Draws the histories of the likes of a batch.

    A history holds outfits that the user liked, except the target. During
    training, likes come in groups of one user, and the history of a like is
    the rest of its group in the batch. These outfits are encoded anyway, so
    histories cost almost nothing. Otherwise a history is drawn from all train
    likes of the user.

    Args:
        data: The data set.
        most: Most outfits in a history.

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
        """Shuffles likes and keeps those of a user together in groups.

        Args:
            users: `(likes,)` rows of users.
            rng: Source of all draws.

        Returns:
            `(likes,)` positions. The sizes of a user's groups differ by at
            most one like and are at most `most + 1`.
        """
        by_user = np.lexsort((rng.random(len(users)), users))
        count = np.bincount(users)[users[by_user]]
        rank = _rank(users[by_user])
        groups = -(-count // (self.most + 1))
        group = rank * groups // np.maximum(count, 1)
        new = np.ones(len(users), bool)
        new[1:] = (np.diff(users[by_user]) != 0) | (np.diff(group) != 0)
        place = rng.permutation(int(new.sum()))[np.cumsum(new) - 1]
        return by_user[np.argsort(place, kind="stable")]

    def from_batch(
        self,
        users: np.ndarray,
        outfits: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draws histories from the likes of the batch itself.

        Each history is cut to a random length, so that the model often sees
        users with few likes.

        Args:
            users: `(batch,)` rows of users.
            outfits: `(batch,)` rows of liked outfits.
            rng: Source of all draws.

        Returns:
            Int32 array `(batch, most)` of outfit rows, padded with -1.
        """
        history = _ByUser(users, outfits).draw(users, outfits, self.most, rng)
        length = (history >= 0).sum(axis=1)
        kept = np.ceil(rng.random(len(users)) * length)
        return np.where(np.arange(self.most) < kept[:, None], history, -1)

    def from_train(
        self,
        users: np.ndarray,
        outfits: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draws histories from all train likes of the users.

        Args:
            users: `(batch,)` rows of users.
            outfits: `(batch,)` rows of outfits to leave out.
            rng: Source of all draws.

        Returns:
            Int32 array `(batch, most)` of outfit rows, padded with -1.
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
        has_likes = users < len(self.count)
        user = np.where(has_likes, users, 0)
        count = np.where(has_likes, self.count[user], 0)
        # All likes of the user of each row, one row after the other.
        row = np.repeat(np.arange(len(users)), count)
        liked = self.outfit[ranges(self.start[user], count)]
        other = liked != outfits[row]
        row, liked = row[other], liked[other]
        order = np.lexsort((rng.random(len(row)), row))
        row, liked = row[order], liked[order]
        rank = _rank(row)
        kept = rank < most
        history = np.full((len(users), most), -1, np.int32)
        history[row[kept], rank[kept]] = liked[kept]
        return history


def _rank(sorted_keys: np.ndarray) -> np.ndarray:
    """Returns the position of each element in its run of equal elements."""
    place = np.arange(len(sorted_keys))
    new = np.ones(len(sorted_keys), bool)
    new[1:] = sorted_keys[1:] != sorted_keys[:-1]
    return place - np.maximum.accumulate(np.where(new, place, 0))
