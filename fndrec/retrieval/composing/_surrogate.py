"""A quick guess at the scores of outfits not scored yet."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# What it learns from: solving costs the cube of it.
MOST_SETS = 600
# Of features whose distances have the mean square 2.
WIDTH = 1.0
RIDGE = 1e-2


class Surrogate:
    """Kernel ridge regression of the score on the items in the slots.

    The kernel of two outfits is the product over the slots of one plus a
    Gaussian of the distance of their items: its terms are the items alone,
    their pairs, and so on. As it is a product, the guesses for a whole grid of
    items are one product of matrices.

    Args:
        features: For each slot the features of its items, `(items, dim)`.
        places: Int array `(outfits, slots)`: the places of the items in
            `features`. The best are learned from if there are many.
        scores: Float array `(outfits,)`.

    Reference: Plate 1999, the product kernel of all interactions; Saunders et
    al. 1998, kernel ridge regression.
    """

    def __init__(
        self,
        features: Sequence[FloatArray],
        places: IntArray,
        scores: FloatArray,
    ) -> None:
        best = np.argsort(-scores, kind="stable")[:MOST_SETS]
        self.features = features
        self.places = places[best]
        self.mean = float(scores[best].mean())
        gram = np.ones((len(best), len(best)))
        for slot, column in enumerate(self.places.T):
            gram *= self._factor(slot, column)
        gram[np.diag_indices_from(gram)] += RIDGE
        self.weights = np.linalg.solve(gram, scores[best] - self.mean)

    def _factor(self, slot: int, places: IntArray) -> FloatArray:
        """What a slot gives the kernel, `(places, outfits learned from)`."""
        items = self.features[slot]
        given, learned = items[places], items[self.places[:, slot]]
        distance = (
            np.square(given).sum(axis=1)[:, None]
            + np.square(learned).sum(axis=1)
            - 2.0 * given @ learned.T
        )
        return 1.0 + np.exp(-distance / (2.0 * WIDTH**2))

    def promising(self, length: int, contexts: int = 40) -> list[IntArray]:
        """Items that are guessed to do well in the best outfits.

        Args:
            length: How many of each slot.
            contexts: How many of the best outfits they are put into.

        Returns:
            For each slot the places of the items.
        """
        outfits = self.places[:contexts]
        factors = [
            self._factor(slot, column) for slot, column in enumerate(outfits.T)
        ]
        found = []
        for slot, items in enumerate(self.features):
            if len(items) <= length:
                found.append(np.arange(len(items)))
                continue
            others = self.weights * np.prod(
                [f for i, f in enumerate(factors) if i != slot], axis=0
            )
            lines = self._factor(slot, np.arange(len(items))) @ others.T
            best = lines.max(axis=1)
            found.append(np.argpartition(-best, length - 1)[:length])
        return found

    def grid(self, places: Sequence[IntArray]) -> FloatArray:
        """Guesses for all outfits of given items.

        Args:
            places: For each slot the places of its items.

        Returns:
            Float array with an axis for each slot.
        """
        left = self.weights[None]
        *first, last = [
            self._factor(slot, column) for slot, column in enumerate(places)
        ]
        for factor in first:
            left = (left[:, None] * factor).reshape(-1, left.shape[1])
        guesses = left @ last.T + self.mean
        return guesses.reshape([len(column) for column in places])


def slot_features(vectors: npt.NDArray[np.float32]) -> FloatArray:
    """Features of the items of a slot: their vectors as attention sees them.

    Args:
        vectors: Item vectors `(items, dim)`.

    Returns:
        Each row normalised, all scaled so that the squared distance of two
        items is 2 in the mean.
    """
    x = vectors.astype(np.float64)
    x = x - x.mean(axis=1, keepdims=True)
    x = x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + 1e-3)
    spread = np.square(x - x.mean(axis=0)).sum(axis=1).mean()
    return x / max(np.sqrt(spread), 1e-6)
