"""A fast estimate of the scores of outfits."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Training outfits, at most: the cost of the solution is cubic in their number.
MAX_OUTFITS = 600
# Width of the Gaussian, for features with a mean squared distance of 2.
WIDTH = 1.0
RIDGE = 1e-2


class Surrogate:
    """Kernel ridge regression of scores on the items in the slots.

    The kernel of two outfits is the product over the slots of 1 plus a Gaussian
    of the distance between their items. Its terms are single items, pairs of
    items and so on. Because it is a product, a matrix product gives the
    estimates for a whole grid of items.

    Args:
        features: Features `(items, dim)` of the items of each slot.
        positions: Int array `(outfits, slots)`: positions of the items in
            `features`. Only the best outfits are used if there are many.
        scores: Float array `(outfits,)`.

    Reference: Plate 1999, the product kernel of all interactions; Saunders et
    al. 1998, kernel ridge regression.
    """

    def __init__(
        self,
        features: Sequence[FloatArray],
        positions: IntArray,
        scores: FloatArray,
    ) -> None:
        best = np.argsort(-scores, kind="stable")[:MAX_OUTFITS]
        self.features = features
        self.positions = positions[best]
        self.mean = float(scores[best].mean())
        gram = np.ones((len(best), len(best)))
        for slot, column in enumerate(self.positions.T):
            gram *= self._factor(slot, column)
        gram[np.diag_indices_from(gram)] += RIDGE
        self.weights = np.linalg.solve(gram, scores[best] - self.mean)

    def _factor(self, slot: int, positions: IntArray) -> FloatArray:
        """Returns a slot's factor of the kernel, `(positions, outfits)`."""
        features = self.features[slot]
        items, trained = features[positions], features[self.positions[:, slot]]
        distance = (
            np.square(items).sum(axis=1)[:, None]
            + np.square(trained).sum(axis=1)
            - 2.0 * items @ trained.T
        )
        return 1.0 + np.exp(-distance / (2.0 * WIDTH**2))

    def promising(self, length: int, contexts: int = 40) -> list[IntArray]:
        """Selects items with high estimates in the best outfits.

        Args:
            length: Number of items per slot.
            contexts: Number of best outfits in which each item is tried.

        Returns:
            The positions of the items of each slot.
        """
        outfits = self.positions[:contexts]
        factors = [
            self._factor(slot, column) for slot, column in enumerate(outfits.T)
        ]
        selected = []
        for slot, items in enumerate(self.features):
            if len(items) <= length:
                selected.append(np.arange(len(items)))
                continue
            others = self.weights * np.prod(
                [f for i, f in enumerate(factors) if i != slot], axis=0
            )
            estimates = self._factor(slot, np.arange(len(items))) @ others.T
            best = estimates.max(axis=1)
            selected.append(np.argpartition(-best, length - 1)[:length])
        return selected

    def grid(self, positions: Sequence[IntArray]) -> FloatArray:
        """Estimates the scores of all combinations of items.

        Args:
            positions: The positions of the items of each slot.

        Returns:
            Float array with one axis per slot.
        """
        left = self.weights[None]
        *first, last = [
            self._factor(slot, column) for slot, column in enumerate(positions)
        ]
        for factor in first:
            left = (left[:, None] * factor).reshape(-1, left.shape[1])
        estimates = left @ last.T + self.mean
        return estimates.reshape([len(column) for column in positions])


def slot_features(vectors: npt.NDArray[np.float32]) -> FloatArray:
    """Returns features of the items of a slot: normalized item vectors.

    Args:
        vectors: Item vectors `(items, dim)`.

    Returns:
        Float64 array `(items, dim)`. Each row is layer-normalized, as the
        attention normalizes its inputs. All are scaled to a mean squared
        distance of 2.
    """
    x = vectors.astype(np.float64)
    x = x - x.mean(axis=1, keepdims=True)
    x = x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + 1e-3)
    spread = np.square(x - x.mean(axis=0)).sum(axis=1).mean()
    return x / max(np.sqrt(spread), 1e-6)
