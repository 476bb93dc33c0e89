"""Scores of sets of items, each item embedded once."""

from collections.abc import Sequence

import numpy as np

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender, align


class SetScorer:
    """Scores sets of items of a shop for users.

    Args:
        model: A trained model.
        data: The shop, with photos loaded if the model takes photos.
        item_vectors: `model.embed_items(data)`; computed by default.

    Raises:
        ValueError: If `item_vectors` does not have one row per item.
        DataError: If the data lacks an input of the model.
    """

    def __init__(
        self,
        model: OutfitRecommender,
        data: OutfitData,
        item_vectors: np.ndarray | None = None,
    ) -> None:
        model, data = align(model, data)
        if item_vectors is None:
            item_vectors = model.embed_items(data)
        shape = (data.num_items, model.item_tower.dim)
        if item_vectors.shape != shape:
            raise ValueError(
                f"`item_vectors` should have the shape {shape}, one row per "
                f"item of {data.name}. Received: {item_vectors.shape}"
            )
        self.model = model
        self.data = data
        self.item_vectors = np.asarray(item_vectors, np.float32)

    def users(self, user_ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the vectors of users, and whether the model knows them.

        Args:
            user_ids: The users; an unknown user gets the cold-start vector.

        Returns:
            Unit vectors `(users, dim)`, or `(users, anchors, dim)`, and a bool
            array `(users,)`, true for known users.
        """
        index = self.data.vocabulary.users.rows(list(user_ids)) + 1
        return np.asarray(self.model.encode_users(index)), index > 0

    def scores(self, user: np.ndarray, sets: np.ndarray) -> np.ndarray:
        """Scores sets for one user.

        Args:
            user: Unit vector `(dim,)`, or one per anchor `(anchors, dim)`.
            sets: Int array `(sets, slots)` of item rows, -1 padding.

        Returns:
            Float32 array `(sets,)`.
        """
        vectors = self.model.embed_outfits(self.item_vectors, sets)
        score = self.model.score
        cosines = score.cosine(user[None], vectors)
        return np.asarray(score.from_cosine(cosines))[0]
