"""What a client's methods give."""

from typing import NamedTuple

import numpy as np


class Scores(NamedTuple):
    """Scores of outfits.

    Attributes:
        score: float32 `(batch,)` or `(batch, candidates)`, higher is better.
        valid: bool, as `score`; an outfit that is not has the lowest float32.
        known: bool `(batch,)`, false for a user the model does not know.
    """

    score: np.ndarray
    valid: np.ndarray
    known: np.ndarray


class Embeddings(NamedTuple):
    """Vectors of items or of outfits.

    Attributes:
        embedding: float32 `(batch, dim)`; zeros where not valid.
        valid: bool `(batch,)`.
    """

    embedding: np.ndarray
    valid: np.ndarray


class Recommendations(NamedTuple):
    """The best outfits of users.

    Attributes:
        outfit_id: str `(batch, max(k))`, or as wide as there are outfits if
            `k` is more; best first, "" past the last.
        score: float32, as `outfit_id`.
        known: bool `(batch,)`, false for a user the model does not know.
    """

    outfit_id: np.ndarray
    score: np.ndarray
    known: np.ndarray


class LikeRecommendations(NamedTuple):
    """The best outfits for who likes others.

    Attributes:
        outfit_id: str `(batch, max(k))`, or as wide as there are outfits if
            `k` is more; best first, "" past the last.
        score: float32, as `outfit_id`.
        valid: bool `(batch,)`, false if no liked outfit is known.
    """

    outfit_id: np.ndarray
    score: np.ndarray
    valid: np.ndarray


class Completions(NamedTuple):
    """The best items to complete outfits with.

    Attributes:
        item_id: str `(batch, max(k))`, best first; "" past the last.
        score: float32 `(batch, max(k))`, of the outfit with the item.
        valid: bool `(batch,)`, false if an item or the category is not known.
        known: bool `(batch,)`, false for a user the model does not know.
    """

    item_id: np.ndarray
    score: np.ndarray
    valid: np.ndarray
    known: np.ndarray
