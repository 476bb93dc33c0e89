"""Scores of sets of items of a shop, each item embedded once."""

from collections.abc import Sequence

import numpy as np

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender, align


class SetScorer:
    """Scores any sets of items of a shop for a user.

    Args:
        model: A trained model.
        data: The shop, with photos loaded if the model looks at them.
        item_vectors: `model.embed_items(data)` if it is at hand.

    Raises:
        ValueError: If `item_vectors` are not one an item.
        DataError: If the data lacks what the model looks at.
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
                f"`item_vectors` should have the shape {shape}, one row an "
                f"item of {data.name}. Received: {item_vectors.shape}"
            )
        self.model = model
        self.data = data
        self.item_vectors = np.asarray(item_vectors, np.float32)

    def users(self, user_ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Users as the model knows them.

        Args:
            user_ids: The users; one not known gets the cold-start vector.

        Returns:
            Unit vectors `(users, dim)`, and bool `(users,)`: who is known.
        """
        index = self.data.vocabulary.users.rows(list(user_ids)) + 1
        return np.asarray(self.model.encode_users(index)), index > 0

    def scores(self, user: np.ndarray, sets: np.ndarray) -> np.ndarray:
        """Scores of sets for one user.

        Args:
            user: Unit vector `(dim,)`, or one an anchor `(anchors, dim)`.
            sets: Int array `(sets, slots)` of item rows, -1 padding.

        Returns:
            Float32 array `(sets,)`.
        """
        vectors = self.model.embed_outfits(self.item_vectors, sets)
        score = self.model.score
        return np.asarray(score.from_cosine(score.cosine(user[None], vectors)))[
            0
        ]
