"""Models with other users, and models aligned with a data set."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import keras
import numpy as np

from fndrec.data import OutfitData, Vocabulary
from fndrec.errors import DataError
from fndrec.layers import UserAnchors, UserEmbedding, UserHistoryEncoder
from fndrec.layers.shrunken_mean import PRIOR_LIKES
from fndrec.models.catalogue_encoder import vectors_of_likes
from fndrec.models.recommender import OutfitRecommender

Model = TypeVar("Model", bound=OutfitRecommender)

# Shrinkage of a user encoder that begins with a table. Chosen on held-out users
# of a real set; 14 and 56 are hardly worse.
SHRINKAGE = 28.0


def with_likes(model: OutfitRecommender, data: OutfitData) -> OutfitRecommender:
    """Returns a model with a row for each user who has a train like.

    A user whom the model knows keeps the row. The row of a new user is
    computed from the user's likes, without training, see
    `OutfitRecommender.encode_likes`. A model that knows users by their likes
    alone becomes one that looks them up by id.

    Args:
        model: The model.
        data: The data set, with photos loaded if the model looks at them.

    Returns:
        A model that shares all layers but the user table with `model`. It is
        not compiled.

    Raises:
        DataError: If `data` has no train likes, or lacks what the model
            looks at.

    Example:

    >>> model = fndrec.models.with_likes(model, data)
    >>> fndrec.recommend(model, data, ["new user"])
    """
    likes = data.likes("train")
    if not len(likes):
        raise DataError(
            f"{data.name}: likes in train were expected. Received: none"
        )
    known = model.vocabulary or model.vocabulary_for(data)
    liking = Vocabulary(data.users.take(np.unique(likes.user)))
    new = liking.take(np.flatnonzero(known.users.rows(liking.ids) < 0))
    added = dataclasses.replace(known, users=Vocabulary(new))
    vectors = vectors_of_likes(model, data.with_vocabulary(added))
    if not model.knows_users_by_likes:
        old = model.encode_users(np.arange(len(known.users) + 1))
        vectors = np.concatenate([np.asarray(old), vectors[1:]])
    made = OutfitRecommender(
        model.item_tower,
        model.aggregator,
        _table_of(vectors, model.user_embedding),
        model.score,
        dtype=model.dtype_policy,
    )
    made.vocabulary = dataclasses.replace(
        known, users=Vocabulary([*known.users, *new])
    )
    made._share_graphs(model)
    return made


def by_history(model: Model) -> Model:
    """Returns a copy of a model that knows users by what they liked.

    Its `UserHistoryEncoder` begins as the closed form of
    `OutfitRecommender.encode_likes` and shrinks to it where likes are few.
    Train the copy for some epochs at the learning rate of the table. It then
    beats an encoder trained from the start: a table of users teaches the
    towers more than a few likes do, and is not needed afterwards.

    Args:
        model: A model made with `users="table"`.

    Returns:
        The copy, not compiled. It learns from batches with histories.

    Raises:
        ValueError: If the users of `model` are not a table.

    Example:

    >>> model = fndrec.models.by_history(teacher)
    >>> model.compile(keras.optimizers.AdamW(3e-3))
    >>> model.fit(data.batches("train", 256, history=15), epochs=6)
    """
    users = model.user_embedding
    if not isinstance(users, UserEmbedding):
        raise ValueError(
            "`by_history` should be asked of a model made with "
            "`users='table'`. Received: users by "
            f"{type(users).__name__}"
        )
    encoder = UserHistoryEncoder(
        users.dim,
        # Only an aggregator with attention has heads.
        getattr(model.aggregator, "num_heads", 4),
        unknown_rate=users.unknown_rate,
        center=False,
        shrinkage=SHRINKAGE,
        seed=users.seed,
        name=users.name,
        dtype=users.dtype_policy,
    )
    encoder.build()
    encoder.cold.assign(np.asarray(model.encode_users(np.zeros(1, int)))[0])
    encoder.prior.assign(np.full(encoder.num_heads, np.log(PRIOR_LIKES)))
    config = model.get_config()
    config["user_embedding"] = keras.saving.serialize_keras_object(encoder)
    copy = type(model).from_config(config)
    for name in ("item_tower", "aggregator", "projection", "score"):
        if getattr(model, name, None) is not None:
            getattr(copy, name).set_weights(getattr(model, name).get_weights())
    copy.user_embedding.set_weights(encoder.get_weights())
    if model.vocabulary is not None:
        copy.vocabulary = dataclasses.replace(
            model.vocabulary, users=Vocabulary([])
        )
    return copy


def align(
    model: OutfitRecommender, data: OutfitData
) -> tuple[OutfitRecommender, OutfitData]:
    """Returns a model and a data set that agree on users, items, categories.

    Args:
        model: The model.
        data: The data set, of any vocabulary.

    Returns:
        The model, or `with_likes(model, data)` if it knows users by their
        likes alone; and the data set with the vocabulary of that model.
    """
    if model.knows_users_by_likes:
        model = with_likes(model, data)
    if model.vocabulary is not None:
        data = data.with_vocabulary(model.vocabulary)
    return model, data


def _table_of(vectors: np.ndarray, like: Any) -> UserEmbedding | UserAnchors:
    """Returns a table of user vectors, with the name and dtype of `like`."""
    number, dim = len(vectors) - 1, vectors.shape[-1]
    made: dict[str, Any] = {"name": like.name, "dtype": like.dtype_policy}
    layer: UserEmbedding | UserAnchors
    if vectors.ndim == 3:
        layer = UserAnchors(number, dim, vectors.shape[1], **made)
    else:
        layer = UserEmbedding(number, dim, **made)
    layer.build()
    # A user is the sum of the row of all and the user's own.
    rows = vectors - vectors[:1]
    rows[0] = vectors[0]
    layer.set_weights([rows.reshape(len(rows), -1)])
    return layer
