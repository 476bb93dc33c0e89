"""Vectors of catalogues and their users, in large batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from fndrec.checks import positive_float
from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.data.item_sets import distinct_items_of, distinct_outfits_of
from fndrec.errors import DataError
from fndrec.layers.shrunken_mean import PRIOR_LIKES
from fndrec.models.outfit_encoder import OutfitEncoder
from fndrec.models.outfit_graph import BLOCK, OutfitGraph

# The attribute of a tower that holds the size of its input.
SIZES = {"feature": "num_features", "image": "image_size"}
# Most outfit vectors in memory while users score them.
AT_ONCE = 500_000
# Most liked outfits, padding included, of a batch of users.
LIKES_AT_ONCE = 100_000
# Attributes that hold traced graphs, and of them those that know no users.
GRAPHS_WITHOUT_USERS = ("_encode_items_graph", "_outfit_graphs", "_score_graph")
GRAPHS = (*GRAPHS_WITHOUT_USERS, "_encode_users_graph", "_encode_likes_graph")


class CatalogueEncoder(OutfitEncoder):
    """Encodes the items, outfits and users of a data set in large batches.

    See `OutfitRecommender`.
    """

    def vocabulary_for(self, data: OutfitData) -> ModelVocabulary:
        """Returns the vocabulary of this model once trained on `data`.

        It has no users if the model knows them by their likes alone.
        """
        if self.knows_users_by_likes:
            return dataclasses.replace(data.vocabulary, users=Vocabulary([]))
        return data.vocabulary

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Quantizes the weights, see `keras.Model.quantize`."""
        super().quantize(*args, **kwargs)
        self._forget_graphs()

    def _forget_graphs(self) -> None:
        """Has graphs traced anew, as they hold the layers as they were."""
        for graph in GRAPHS:
            self.__dict__.pop(graph, None)

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
        # Without AutoGraph, errors read as they do outside a graph.
        return tf.function(
            self.encode_users, reduce_retracing=True, autograph=False
        )

    @cached_property
    def _outfit_graphs(self) -> dict[bool, OutfitGraph]:
        # Keyed by `jit_compile`. A graph is traced at its first call.
        return {
            jit_compile: OutfitGraph(self.encode_outfits, jit_compile)
            for jit_compile in (False, True)
        }

    def _check_content(self, data: OutfitData) -> None:
        content = data.content(np.zeros(0, np.int32))
        for key, tower in self.item_tower.towers.items():
            if key not in content:
                raise DataError(
                    f"{data.name}: items with `{key}` were expected, an input "
                    "of the model. Received: items with "
                    f"{sorted(set(content) - {'row', 'id'})}"
                )
            size = getattr(tower, SIZES.get(key, ""), None)
            if size is not None and content[key].shape[1] != size:
                raise DataError(
                    f"{data.name}: `{key}` of size {size} was expected, as "
                    "in the model's training. Received: size "
                    f"{content[key].shape[1]}"
                )

    def embed_items(
        self,
        data: OutfitData,
        rows: np.ndarray | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Returns item vectors of the catalogue; each item is encoded once.

        Args:
            data: The data set.
            rows: Rows of the items; all by default.
            batch_size: Items encoded at once.

        Returns:
            Float32 array `(rows, dim)`.

        Raises:
            DataError: If the data lacks an input of the model.
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
        """Returns unit vectors of outfits of known items.

        Args:
            item_vectors: `(items, dim)`, from `embed_items`.
            outfits: `(outfits, slots)` rows of `item_vectors`, -1 padding.
            batch_size: Outfits encoded at once.
            jit_compile: Whether to compile with XLA. Compiling takes time for
                each new number of items and outfits; later calls are faster.

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
        """Returns scores of candidates; each distinct item is embedded once.

        Args:
            data: The data set, with the vocabulary of the model.
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
        """Returns scores of candidate outfits of known items.

        Args:
            users: `(rows,)` user indices, 0 for the cold-start user; or
                user vectors `(rows, dim)`, floats.
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
            # Users share outfits, so each distinct outfit is encoded once.
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
        """Scores each user against rows `(users, candidates)` of vectors."""
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
        """Returns users computed from liked outfits, as `encode_likes` does.

        Args:
            outfit_vectors: `(outfits, dim)`, from `embed_outfits`.
            likes: `(users, likes)` rows of `outfit_vectors`, -1 padding.
            prior_likes: See `encode_likes`.

        Returns:
            Float32 array `(users, dim)`, or `(users, anchors, dim)`.

        Raises:
            ValueError: If `prior_likes` is not positive.
        """
        prior_likes = positive_float("prior_likes", prior_likes)
        if not len(outfit_vectors):
            # `take` needs a row, even where all likes are padding.
            outfit_vectors = np.zeros((1, self.aggregator.dim), np.float32)
        return self._encode_likes_graph(
            tf.convert_to_tensor(outfit_vectors),
            tf.convert_to_tensor(likes),
            # A Python number would be traced anew for each value.
            tf.constant(prior_likes, tf.float32),
        ).numpy()

    def user_vectors(self, data: OutfitData) -> np.ndarray:
        """Returns the cold-start user, then all users of the vocabulary.

        Args:
            data: The data set, with the vocabulary of the model. A model that
                knows users by their likes reads their train likes.

        Returns:
            Float32 array `(users + 1, dim)`, or `(users + 1, anchors, dim)`.
        """
        users = len(data.vocabulary.users) + 1
        if not self.knows_users_by_likes:
            return np.asarray(self.encode_users(np.arange(users)))
        return vectors_of_likes(self, data)

    def _share_graphs(self, model: CatalogueEncoder) -> None:
        """Shares graphs and `encode_likes` with a model of the same layers."""
        self._encode_likes = model.likes_model().encode_likes
        # These graphs do not depend on the users: trace them once.
        for graph in GRAPHS_WITHOUT_USERS:
            self.__dict__[graph] = getattr(model, graph)


def _liked_by_index(
    data: OutfitData,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the train likes of known users, sorted by user.

    Args:
        data: The data set, with the vocabulary of the model.

    Returns:
        The distinct outfit rows `(outfits,)`; the position of each like among
        them `(likes,)`; the number of likes of each user index
        `(users + 1,)`, where index 0 is the cold-start user.
    """
    likes = data.likes("train")
    index = data.user_index[likes.user]
    order = np.argsort(index, kind="stable")
    order = order[index[order] > 0]
    count = np.bincount(index[order], minlength=len(data.vocabulary.users) + 1)
    rows, at = np.unique(likes.outfit[order], return_inverse=True)
    return rows, at.reshape(-1), count


def _padded_chunks(
    count: np.ndarray,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches users with similar numbers of likes, to pad little.

    Args:
        count: `(users,)` likes of each user; likes are sorted by user.

    Yields:
        Users `(batch,)`, and positions of their likes `(batch, most)`, padded
        with -1.
    """
    start = np.cumsum(count) - count
    users = np.argsort(-count, kind="stable")
    users = users[count[users] > 0]
    while len(users):
        most = int(count[users[0]])
        batch = users[: max(1, LIKES_AT_ONCE // most)]
        users = users[len(batch) :]
        at = np.arange(most)[None]
        yield (
            batch,
            np.where(
                at < count[batch][:, None], start[batch][:, None] + at, -1
            ).astype(np.int32),
        )


def vectors_of_likes(model: CatalogueEncoder, data: OutfitData) -> np.ndarray:
    """Returns the cold-start user, then users computed from train likes.

    Args:
        model: The model, whose `encode_likes` computes the users.
        data: The data set; its vocabulary lists the users.

    Returns:
        Float32 array `(users + 1, dim)` or `(users + 1, anchors, dim)`. A
        user without likes gets the cold-start vector.
    """
    rows, at, count = _liked_by_index(data)
    items, (places,) = distinct_items_of(data.outfit_items[rows])
    outfits = model.embed_outfits(model.embed_items(data, items), places)
    cold = model.embed_likes(outfits, np.full((1, 1), -1, np.int32))
    vectors = np.repeat(cold, len(count), axis=0)
    for users, likes in _padded_chunks(count):
        likes = np.where(likes >= 0, at[likes], -1).astype(np.int32)
        vectors[users] = model.embed_likes(outfits, likes)
    return vectors
