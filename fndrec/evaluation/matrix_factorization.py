"""Matrix factorization of user and item ids."""

import numpy as np

from fndrec import checks
from fndrec.data import OutfitData
from fndrec.data.item_sets import find_sets, set_keys
from fndrec.extras import require


class MatrixFactorization:
    """Bayesian personalised ranking of ids, by the library `implicit`.

    Knows nothing of an outfit but who liked it. Where users share outfits it
    factors users and outfits; an outfit that no one liked in train scores
    as the least known does, 0. Elsewhere it factors users and items, and an
    outfit scores as the mean of its items.

    Args:
        data: The data set, whose likes in train are learned from.
        factors: Width of the vectors.
        epochs: Passes over the likes.
        learning_rate: Step of the stochastic gradient descent.
        regularization: Weight of the L2 penalty.
        seed: Seed of vectors and samples.

    Raises:
        ValueError: If an argument is out of its range.
        ModuleNotFoundError: If the extra `mf` is not installed.

    Example:

    >>> factored = fndrec.evaluation.MatrixFactorization(data, factors=32)
    >>> fndrec.evaluate({"teacher": teacher, factored.name: factored}, data)

    Reference: Rendle et al. 2009, BPR: Bayesian Personalized Ranking from
    Implicit Feedback.
    """

    name = "BPR-MF"

    def __init__(
        self,
        data: OutfitData,
        factors: int = 64,
        epochs: int = 100,
        learning_rate: float = 0.05,
        regularization: float = 0.01,
        seed: int = 0,
    ) -> None:
        factors = checks.positive_int("factors", factors)
        epochs = checks.positive_int("epochs", epochs)
        learning_rate = checks.positive_float("learning_rate", learning_rate)
        regularization = checks.non_negative_float(
            "regularization", regularization
        )
        seed = checks.non_negative_int("seed", seed)
        require("implicit", "mf", "BPR-MF")
        from implicit.cpu.bpr import BayesianPersonalizedRanking
        from scipy.sparse import csr_matrix

        likes = data.likes("train")
        self.of_outfits = data.shares_outfits
        self.outfit_items = data.outfit_items
        if self.of_outfits:
            users, columns = likes.user, likes.outfit
            keys = set_keys(data.outfit_items)
            self.order = np.argsort(keys, kind="stable")
            self.keys = keys[self.order]
            number = data.num_outfits
        else:
            items = data.outfit_items[likes.outfit]
            users = np.repeat(likes.user, items.shape[1])[items.ravel() >= 0]
            columns = items[items >= 0]
            number = data.num_items
        seen = csr_matrix(
            (np.ones(len(users), np.float32), (users, columns)),
            shape=(data.num_users, number),
        )
        seen.data[:] = 1.0  # Liked twice is liked.
        # More threads than one would not give the same again.
        model = BayesianPersonalizedRanking(
            factors=factors,
            iterations=epochs,
            learning_rate=learning_rate,
            regularization=regularization,
            num_threads=1,
            random_state=seed,
        )
        model.fit(seen, show_progress=False)
        known = np.asarray(seen.sum(axis=0)).ravel() > 0
        self.columns = np.where(known[:, None], model.item_factors, 0.0)
        self.rows = model.user_factors

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        """Returns scores of candidates, see `Scorer`."""
        if self.of_outfits:
            at = find_sets(self.keys, outfits)
            columns = self.columns[self.order[at]]
            vectors = np.where((at >= 0)[..., None], columns, 0.0)
        else:
            present = outfits >= 0
            vectors = np.where(present[..., None], self.columns[outfits], 0.0)
            vectors = vectors.sum(axis=-2) / present.sum(axis=-1)[..., None]
        return np.einsum("rd,rcd->rc", self.rows[users], vectors)

    def score_all(self, users: np.ndarray) -> np.ndarray:
        """Returns scores `(rows, outfits)` of all outfits of the data set."""
        if self.of_outfits:
            return self.rows[users] @ self.columns.T
        present = self.outfit_items >= 0
        vectors = np.where(
            present[..., None], self.columns[self.outfit_items], 0.0
        )
        vectors = vectors.sum(axis=-2) / present.sum(axis=-1)[:, None]
        return self.rows[users] @ vectors.T
