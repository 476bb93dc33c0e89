"""Encodes users and outfits as vectors."""

import json
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from fndrec import _keras_private, _tfrs
from fndrec.data import ModelVocabulary
from fndrec.layers import (
    ItemTower,
    MeanPool,
    OutfitScore,
    SetTransformer,
    UserHistoryEncoder,
)
from fndrec.layers.shrunken_mean import PRIOR_LIKES, shrunken_mean
from fndrec.models.model_parts import Users
from fndrec.version import MODEL_FORMAT, __version__

VOCABULARY_FILE = "vocabulary.json"
VERSION_FILE = "fndrec.json"


class OutfitEncoder(_keras_private.BuiltModel, _tfrs.Model):
    """Base class with the layers of a model and their encoders.

    See `OutfitRecommender`.
    """

    def __init__(
        self,
        item_tower: ItemTower,
        aggregator: SetTransformer | MeanPool,
        user_embedding: Users,
        score: OutfitScore,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Keras would turn XLA on by itself: slower on CPUs, and the number
        # of distinct items differs from batch to batch.
        self.jit_compile = False
        self.item_tower = item_tower
        self.aggregator = aggregator
        self.user_embedding = user_embedding
        self.score = score
        self.vocabulary: ModelVocabulary | None = None
        # A function, as a model would be tracked as a part of this one.
        self._encode_likes: Any = None
        for layer in self._parts():
            if not layer.built:
                # Without a shape, not with `None`: `summary` asks for the
                # output of each shape that it is told.
                layer.build()
        self.built = True

    def _parts(self) -> list[Any]:
        return [
            self.item_tower,
            self.aggregator,
            self.user_embedding,
            self.score,
        ]

    def encode_items(
        self, items: dict[str, Any], training: bool = False
    ) -> Any:
        """Encodes the content of items as vectors `(items, dim)`."""
        return self.item_tower(items, training=training)

    def encode_outfits(
        self, item_vectors: Any, outfits: Any, training: bool = False
    ) -> Any:
        """Encodes outfits `(..., slots)` as unit vectors `(..., dim)`."""
        vectors = self.aggregator(item_vectors, outfits, training=training)
        return ops.normalize(ops.cast(vectors, "float32"), axis=-1)

    def encode_users(self, users: Any, training: bool = False) -> Any:
        """Encodes users `(batch,)` as unit vectors.

        Args:
            users: User indices `(batch,)`, 0 for the cold-start user.
            training: Whether the layer behaves as in training.

        Returns:
            Float32 `(batch, dim)`, or `(batch, anchors, dim)` of anchors.

        Raises:
            ValueError: If users are known by what they liked alone.
        """
        if self.knows_users_by_likes:
            raise ValueError(
                "This model knows users by the outfits they liked alone. "
                "`fndrec.models.with_likes(model, data)` has a row for each. "
                "Received: users by index"
            )
        return self.user_embedding(users, training=training)

    @property
    def knows_users_by_likes(self) -> bool:
        """Whether users are encoded from their likes rather than by a table."""
        return isinstance(self.user_embedding, UserHistoryEncoder)

    # No property, as Keras looks for what to save in the values of those.
    def likes_model(self) -> "OutfitEncoder":
        """Returns the model whose `encode_likes` this one uses.

        This model itself, unless `fndrec.models.with_likes` made it.
        """
        made: OutfitEncoder | None = getattr(
            self._encode_likes, "__self__", None
        )
        return self if made is None else made

    def encode_likes(
        self, outfits: Any, present: Any, prior_likes: Any = PRIOR_LIKES
    ) -> Any:
        """Encodes users from the vectors of liked outfits, without training.

        By the `UserHistoryEncoder` where there is one; else in closed form,
        as the mean of the likes drawn to the cold-start user, see
        `shrunken_mean`.

        Args:
            outfits: Unit vectors `(batch, likes, dim)`.
            present: Bools `(batch, likes)`, false where there is no like.
            prior_likes: As many likes as the cold-start user counts for in
                the closed form; a `UserHistoryEncoder` has learned it.

        Returns:
            As `encode_users`; the cold-start user where there are no likes.
        """
        if self._encode_likes is not None:
            return self._encode_likes(outfits, present, prior_likes)
        if not self.knows_users_by_likes:
            cold = self.encode_users(np.zeros(1, np.int32))[0]
            return shrunken_mean(
                outfits, present, cold, self.score, prior_likes
            )
        batch, likes = ops.shape(outfits)[:2]
        at = ops.reshape(ops.arange(batch * likes), (batch, likes))
        return self.user_embedding(
            ops.reshape(outfits, (-1, self.aggregator.dim)),
            ops.where(present, at, -1),
        )

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def get_build_config(self) -> dict[str, Any] | None:
        return None

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            # Else a model loaded and compiled anew would not scale its loss.
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "item_tower": serialize(self.item_tower),
            "aggregator": serialize(self.aggregator),
            "user_embedding": serialize(self.user_embedding),
            "score": serialize(self.score),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        for key in ("item_tower", "aggregator", "user_embedding", "score"):
            config[key] = keras.saving.deserialize_keras_object(config[key])
        return cls(**config)

    def save_assets(self, dir_path: str) -> None:
        """Writes version and vocabulary into the `.keras` file."""
        about = {"version": __version__, "format": MODEL_FORMAT}
        Path(dir_path, VERSION_FILE).write_text(
            json.dumps(about), encoding="utf-8"
        )
        if self.vocabulary is not None:
            Path(dir_path, VOCABULARY_FILE).write_text(
                json.dumps(self.vocabulary.to_dict()), encoding="utf-8"
            )

    def load_assets(self, dir_path: str) -> None:
        path = Path(dir_path, VOCABULARY_FILE)
        if path.exists():
            self.vocabulary = ModelVocabulary.from_dict(
                json.loads(path.read_text(encoding="utf-8"))
            )
