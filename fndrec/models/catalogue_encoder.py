"""Catalogues and their users as vectors."""

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import tensorflow as tf
from keras import ops

from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.data.item_sets import distinct_items_of, distinct_outfits_of
from fndrec.errors import DataError
from fndrec.models.other_users import by_history, with_likes
from fndrec.models.outfit_encoder import OutfitEncoder
from fndrec.models.outfit_graph import BLOCK, OutfitGraph
from fndrec.models.users_by_likes import PRIOR_LIKES, vectors_of_likes

if TYPE_CHECKING:
    from fndrec.models.recommender import OutfitRecommender

# What the towers call the size of what they look at.
SIZES = {"feature": "num_features", "image": "image_size"}
# Outfits whose vectors are held at once while users score them.
AT_ONCE = 500_000


class CatalogueEncoder(OutfitEncoder):
    """All items, outfits and users of a data set, in large batches.

    See `OutfitRecommender`.
    """

    def knows(self, data: OutfitData) -> ModelVocabulary:
        """What this model knows by name once it is trained on `data`.

        Without users, if they are known by what they liked alone.
        """
        known = data.vocabulary
        if self.knows_users_by_likes:
            known = dataclasses.replace(known, users=Vocabulary([]))
        return known

    @cached_property
    def _encode_items_graph(self) -> Any:
        return tf.function(self.encode_items, reduce_retracing=True)

    @cached_property
    def _score_graph(self) -> Any:
        def score(users: Any, outfits: Any, at: Any) -> Any:
            return self.score(users, ops.take(outfits, at, axis=0))

        return tf.function(score, reduce_retracing=True)

    @cached_property
    def _encode_users_graph(self) -> Any:
        # Without AutoGraph, an error reads as it does outside of a graph.
        return tf.function(
            self.encode_users, reduce_retracing=True, autograph=False
        )

    @cached_property
    def _outfit_graphs(self) -> dict[bool, OutfitGraph]:
        # By `jit_compile`; one that is not asked for is not traced.
        return {
            jit_compile: OutfitGraph(self.encode_outfits, jit_compile)
            for jit_compile in (False, True)
        }

    def _check_content(self, data: OutfitData) -> None:
        found = data.content(np.zeros(0, np.int32))
        for key, tower in self.item_tower.towers.items():
            if key not in found:
                raise DataError(
                    f"{data.name}: items with `{key}` were expected, which "
                    "the model looks at. Received: items with "
                    f"{sorted(set(found) - {'row', 'id'})}"
                )
            size = getattr(tower, SIZES.get(key, ""), None)
            if size is not None and found[key].shape[1] != size:
                raise DataError(
                    f"{data.name}: `{key}` of size {size} was expected, as "
                    "in the model's training. Received: size "
                    f"{found[key].shape[1]}"
                )

    def embed_items(
        self,
        data: OutfitData,
        rows: np.ndarray | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Item vectors of the catalogue, each item encoded once.

        Args:
            data: The data set.
            rows: Rows of the wanted items; all by default.
            batch_size: Items encoded at once.

        Returns:
            Float32 array `(rows, dim)`.

        Raises:
            DataError: If the data lacks what the model looks at.
        """
        self._check_content(data)
        if rows is None:
            rows = np.arange(data.num_items, dtype=np.int32)
        vectors = np.zeros((len(rows), self.item_tower.dim), np.float32)
        keys = self.item_tower.towers.keys()
        for start in range(0, len(rows), batch_size):
            part = slice(start, start + batch_size)
            content = {
                key: tf.convert_to_tensor(value)
                for key, value in data.content(rows[part], keys).items()
            }
            vectors[part] = tf.cast(
                self._encode_items_graph(content), tf.float32
            ).numpy()
        return vectors

    def embed_outfits(
        self,
        item_vectors: np.ndarray,
        outfits: np.ndarray,
        batch_size: int = BLOCK,
        jit_compile: bool = False,
    ) -> np.ndarray:
        """Unit vectors of outfits of known items.

        Args:
            item_vectors: `(items, dim)`, from `embed_items`.
            outfits: `(outfits, slots)` rows of `item_vectors`, -1 padding.
            batch_size: Outfits encoded at once.
            jit_compile: Whether XLA compiles it. That takes some time for
                each number of items and of outfits at once, and a part of
                the time of each call afterwards is saved.

        Returns:
            Float32 array `(outfits, dim)`.
        """
        if not len(outfits):
            return np.zeros((0, self.aggregator.dim), np.float32)
        graph = self._outfit_graphs[jit_compile]
        return graph(item_vectors, outfits, batch_size)

    def score_sets(
        self, data: OutfitData, users: np.ndarray, outfits: np.ndarray
    ) -> np.ndarray:
        """Scores of candidate outfits, each distinct item embedded once.

        Args:
            data: The data set, as the model sees it.
            users: `(rows,)` user indices, 0 for the cold-start user.
            outfits: `(rows, candidates, slots)` item rows of `data`, -1
                padding.

        Returns:
            Float32 array `(rows, candidates)`.
        """
        rows, (positions,) = distinct_items_of(outfits)
        return self.score_outfits(
            users, self.embed_items(data, rows), positions
        )

    def score_outfits(
        self,
        users: np.ndarray,
        item_vectors: np.ndarray,
        outfits: np.ndarray,
        batch_size: int = BLOCK,
        jit_compile: bool = False,
    ) -> np.ndarray:
        """Scores of candidate outfits of known items, in large batches.

        Args:
            users: `(rows,)` user indices, 0 for the cold-start user, or
                floats, the vectors of the users.
            item_vectors: `(items, dim)`, from `embed_items`.
            outfits: `(rows, candidates, slots)` rows of `item_vectors`, -1
                padding.
            batch_size: Outfits encoded at once.
            jit_compile: See `embed_outfits`.

        Returns:
            Float32 array `(rows, candidates)`.
        """
        candidates, slots = outfits.shape[1:]
        scores = np.zeros(outfits.shape[:2], np.float32)
        if not scores.size:
            return scores
        if not np.issubdtype(users.dtype, np.floating):
            users = self._encode_users_graph(
                tf.convert_to_tensor(users)
            ).numpy()
        rows = max(1, AT_ONCE // candidates)
        for start in range(0, len(users), rows):
            part = slice(start, start + rows)
            # Users share outfits: each is encoded once.
            sets, at = distinct_outfits_of(outfits[part].reshape(-1, slots))
            vectors = self.embed_outfits(
                item_vectors, sets, batch_size, jit_compile
            )
            scores[part] = self._score_rows(
                users[part], vectors, at.reshape(-1, candidates), batch_size
            )
        return scores

    def _score_rows(
        self, users: np.ndarray, vectors: np.ndarray, at: np.ndarray, size: int
    ) -> np.ndarray:
        """Scores of users and their rows `(users, candidates)` of vectors."""
        table = tf.convert_to_tensor(vectors)
        rows = max(1, size // at.shape[1])
        parts = [
            self._score_graph(
                tf.convert_to_tensor(users[i : i + rows]),
                table,
                tf.convert_to_tensor(at[i : i + rows]),
            ).numpy()
            for i in range(0, len(users), rows)
        ]
        return np.concatenate(parts)

    # ------------------------------------------------------- users by likes

    @cached_property
    def _encode_likes_graph(self) -> Any:
        def encode(outfits: Any, likes: Any, prior_likes: Any) -> Any:
            vectors = ops.take(outfits, ops.maximum(likes, 0), axis=0)
            return self.encode_likes(vectors, likes >= 0, prior_likes)

        return tf.function(encode, reduce_retracing=True)

    def embed_likes(
        self,
        outfit_vectors: np.ndarray,
        likes: np.ndarray,
        prior_likes: float = PRIOR_LIKES,
    ) -> np.ndarray:
        """Users from outfits they liked, as `encode_likes` does.

        Args:
            outfit_vectors: `(outfits, dim)`, from `embed_outfits`.
            likes: `(users, likes)` rows of `outfit_vectors`, -1 padding.
            prior_likes: See `encode_likes`.

        Returns:
            Float32 array `(users, dim)`, or `(users, anchors, dim)`.

        Raises:
            ValueError: If `prior_likes` is not positive.
        """
        if not prior_likes > 0:
            raise ValueError(
                "`prior_likes` should be a positive float. "
                f"Received: prior_likes={prior_likes}"
            )
        if not len(outfit_vectors):
            # A row to look at, though no one does.
            outfit_vectors = np.zeros((1, self.aggregator.dim), np.float32)
        return self._encode_likes_graph(
            tf.convert_to_tensor(outfit_vectors),
            tf.convert_to_tensor(likes),
            # A tensor, as each number would be traced anew.
            tf.constant(prior_likes, tf.float32),
        ).numpy()

    def user_vectors(self, data: OutfitData) -> np.ndarray:
        """The cold-start user, and all users known by name.

        Args:
            data: The data set, as the model sees it. Where users are known
                by what they liked, the likes in train count.

        Returns:
            Float32 array `(users + 1, dim)`, or `(users + 1, anchors, dim)`.
        """
        users = len(data.vocabulary.users) + 1
        if not self.knows_users_by_likes:
            return np.asarray(self.encode_users(np.arange(users)))
        return vectors_of_likes(self, data)

    def with_likes(self, data: OutfitData) -> "OutfitRecommender":
        """This model with a row for each user who likes something in train.

        A user who has a row already keeps it; the row of another is computed
        from the likes, without any training, see `encode_likes`. So a model
        trained before a user came knows that user, and one that knows users
        by what they liked becomes one that can be asked by name.

        Args:
            data: The data set, with photos loaded if the model looks at them.

        Returns:
            A model that shares all layers with this one but that of the
            users; it is not compiled.

        Raises:
            DataError: If the data lacks what the model looks at.

        Example:

        >>> fndrec.recommend(model.with_likes(data), data, ["new user"])
        """
        return with_likes(self, data)

    def by_history(self) -> Self:
        """A copy of this model that knows users by what they liked.

        Its `UserHistoryEncoder` begins as the closed form of `encode_likes`,
        and is shrunk to it where likes are few. Trained on for some epochs,
        at the rate that the table learned at, it is better than one trained
        from the start: a user vector of one's own tells the towers more than
        few likes do, and is needed no more afterwards.

        Returns:
            The copy, not compiled. It learns from batches with histories.

        Raises:
            ValueError: If users of this model are no table.

        Example:

        >>> model = teacher.by_history()
        >>> model.compile(keras.optimizers.AdamW(3e-3))
        >>> model.fit(data.batches("train", 256, history=15), epochs=6)
        """
        return by_history(self)

    def share(self, model: "CatalogueEncoder") -> None:
        """Uses what another model of the same layers makes of likes."""
        self._encode_likes = model.origin().encode_likes
        # What does not depend on users is traced once.
        for graph in ("_encode_items_graph", "_outfit_graphs", "_score_graph"):
            self.__dict__[graph] = getattr(model, graph)

    def seeing(self, data: OutfitData) -> "tuple[CatalogueEncoder, OutfitData]":
        """This model ready for users by name, and `data` as it sees it.

        Args:
            data: The data set.

        Returns:
            The model, or `with_likes` of it where users are known by what
            they liked alone; and the data with the model's vocabulary.
        """
        model = self.with_likes(data) if self.knows_users_by_likes else self
        if model.vocabulary is not None:
            data = data.with_vocabulary(model.vocabulary)
        return model, data
