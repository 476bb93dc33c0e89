"""The return types of the client."""

from typing import NamedTuple

import numpy as np


class Scores(NamedTuple):
    """Scores of outfits.

    Attributes:
        score: Float32 `(batch,)` or `(batch, candidates)`, higher is better;
            the lowest float32 where an outfit is not valid.
        valid: Bool of the same shape.
        known: Bool `(batch,)`, false for a user unknown to the model.
    """

    score: np.ndarray
    valid: np.ndarray
    known: np.ndarray


class Embeddings(NamedTuple):
    """Vectors of items or of outfits.

    Attributes:
        embedding: Float32 `(batch, dim)`; zeros where not valid.
        valid: Bool `(batch,)`.
    """

    embedding: np.ndarray
    valid: np.ndarray


class Recommendations(NamedTuple):
    """The best outfits for users.

    Attributes:
        outfit_id: Strings `(batch, max(k))`, or one column per outfit if there
            are fewer; best first, "" past the last.
        score: Float32 of the same shape.
        known: Bool `(batch,)`, false for a user unknown to the model.
    """

    outfit_id: np.ndarray
    score: np.ndarray
    known: np.ndarray


class LikeRecommendations(NamedTuple):
    """The best outfits for lists of likes.

    Attributes:
        outfit_id: Strings `(batch, max(k))`, or one column per outfit if there
            are fewer; best first, "" past the last.
        score: Float32 of the same shape.
        valid: Bool `(batch,)`, false if no liked outfit is known.
    """

    outfit_id: np.ndarray
    score: np.ndarray
    valid: np.ndarray


class Completions(NamedTuple):
    """The best items to complete outfits with.

    Attributes:
        item_id: Strings `(batch, max(k))`, best first; "" past the last.
        score: Float32 `(batch, max(k))`, scores of the completed outfits.
        valid: Bool `(batch,)`, false if an item or the category is unknown.
        known: Bool `(batch,)`, false for a user unknown to the model.
    """

    item_id: np.ndarray
    score: np.ndarray
    valid: np.ndarray
    known: np.ndarray
