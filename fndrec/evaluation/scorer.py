"""Scorers: models, counts, or anything else that scores outfits."""

from typing import Protocol

import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender, align


class Scorer(Protocol):
    """Scores outfits for users.

    One that can score all outfits of the data set faster than one by one has
    a method `score_all` as `ModelScorer` has.
    """

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        """Returns the scores of candidates.

        Args:
            users: `(rows,)` rows of users.
            outfits: `(rows, candidates, slots)` of item rows, -1 padding.

        Returns:
            Floats `(rows, candidates)`, finite.
        """


class ModelScorer:
    """Scores outfits with a model; embeds each distinct item once.

    Args:
        model: The model.
        data: The data set, with photos loaded if the model looks at them.
    """

    def __init__(self, model: OutfitRecommender, data: OutfitData) -> None:
        self.trained = model
        self.model, self.data = align(model, data)
        self._every: tuple[np.ndarray, tf.Tensor] | None = None

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        return self.model.score_sets(
            self.data, self.data.user_index[users], outfits
        )

    def score_all(self, users: np.ndarray) -> np.ndarray:
        """Returns scores `(rows, outfits)` of all outfits of the data set."""
        if self._every is None:
            vectors = self.model.embed_outfits(
                self.model.embed_items(self.data), self.data.outfit_items
            )
            self._every = (
                self.model.user_vectors(self.data),
                tf.convert_to_tensor(vectors),
            )
        known, outfits = self._every
        rows = tf.convert_to_tensor(known[self.data.user_index[users]])
        return np.asarray(self.model.score(rows, outfits))


def score_all(
    scorer: Scorer, data: OutfitData, users: np.ndarray
) -> np.ndarray:
    """Scores all outfits of a data set.

    Args:
        scorer: What scores.
        data: The data set.
        users: `(rows,)` rows of users.

    Returns:
        Floats `(rows, outfits)`.
    """
    fast = getattr(scorer, "score_all", None)
    if fast is not None:
        return fast(users)
    every = np.broadcast_to(
        data.outfit_items, (len(users), *data.outfit_items.shape)
    )
    return scorer.score(users, every)


def model_of(scorer: Scorer, protocol: str) -> OutfitRecommender:
    """Returns the model of a scorer.

    Args:
        scorer: What is measured.
        protocol: Name of the protocol, for the error.

    Returns:
        The model.

    Raises:
        ValueError: If it is no model.
    """
    if not isinstance(scorer, ModelScorer):
        raise ValueError(
            f"The protocol {protocol!r} measures models alone. "
            f"Received: {type(scorer).__name__}"
        )
    return scorer.trained
