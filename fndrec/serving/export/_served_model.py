"""A model together with the lookup tables of its ids."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.models import OutfitRecommender
from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._lookup import lookup_rows, lookup_table
from fndrec.serving.export._sets import LOWEST, at_least_one, finite

# The inputs of the item tower by their names in signatures.
INPUTS = {
    "image": "image",
    "feature": "feature",
    "category": "category",
    "item_id": "id",
}


class ServedModel:
    """The model, tables and examples that all signatures use.

    Args:
        model: The model, with a vocabulary.
        catalogue: The baked-in catalogue, if any.
        folder: Folder for the id files.
    """

    def __init__(
        self,
        model: OutfitRecommender,
        catalogue: Catalogue | None,
        folder: Path,
    ) -> None:
        vocabulary = model.vocabulary
        assert vocabulary is not None
        self.model = model
        self.catalogue = catalogue
        self.towers = model.item_tower.towers
        self.dim: int = model.item_tower.dim
        self.example_user = vocabulary.users[0]
        self.example_item = vocabulary.items[0]
        self.example_category = (
            "" if vocabulary.categories is None else vocabulary.categories[0]
        )
        # A module, since Keras saves only the resources that it tracks.
        self.tables = tf.Module(name="tables")
        self.tables.users = lookup_table(vocabulary.users, folder / "users.txt")
        if "id" in self.towers:
            self.tables.items = lookup_table(
                vocabulary.items, folder / "items.txt"
            )
        if "category" in self.towers:
            assert vocabulary.categories is not None
            self.tables.categories = lookup_table(
                vocabulary.categories, folder / "categories.txt"
            )

    @property
    def image_size(self) -> int | None:
        """Side of the photos in pixels; None if the model takes none."""
        tower = self.towers.get("image")
        return None if tower is None else int(tower.image_size)

    def user_index(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns the indices of users, 0 for an unknown user."""
        return lookup_rows(self.tables.users, ids) + 1

    def item_specs(self, *axes: None) -> dict[str, tf.TensorSpec]:
        """Returns the inputs of the item tower, with the given leading axes."""
        shapes: dict[str, tuple[tuple[Any, ...], tf.DType]] = {}
        if "image" in self.towers:
            size = self.image_size
            shapes["image"] = ((size, size, 3), tf.uint8)
        if "feature" in self.towers:
            width = self.towers["feature"].num_features
            shapes["feature"] = ((width,), tf.float32)
        if "category" in self.towers:
            shapes["category"] = ((), tf.string)
        if "id" in self.towers:
            shapes["item_id"] = ((), tf.string)
        return {
            name: tf.TensorSpec((*axes, *shape), dtype, name)
            for name, (shape, dtype) in shapes.items()
        }

    def item_examples(self, *axes: int) -> dict[str, np.ndarray]:
        """Returns an example of each input of `item_specs`."""
        ids = {
            "category": self.example_category,
            "item_id": self.example_item,
        }
        examples: dict[str, np.ndarray] = {}
        for name, spec in self.item_specs(*[None] * len(axes)).items():
            shape = (*axes, *spec.shape[len(axes) :])
            if name in ids:
                examples[name] = np.full(shape, ids[name], object)
            elif name == "image":
                examples[name] = np.broadcast_to(self.example_photo(), shape)
            else:
                examples[name] = np.full(shape, 0.5, np.float32)
        return examples

    def example_photo(self) -> np.ndarray:
        """Draws a photo: a gray garment on white."""
        size = self.image_size or 0
        photo = np.full((size, size, 3), 255, np.uint8)
        edge = size // 4
        photo[edge : size - edge, edge : size - edge] = 128
        return photo

    def encode_items(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """Returns float32 item vectors `(items, dim)`; there may be no items.

        The vector of an item whose `feature` is not finite is NaN.
        """
        items = {}
        for name, value in inputs.items():
            if name == "category":
                value = lookup_rows(self.tables.categories, value) + 1
            elif name == "item_id":
                value = lookup_rows(self.tables.items, value) + 1
            items[INPUTS[name]] = value
        count = tf.shape(next(iter(items.values())))[0]
        # Batch normalization fails on an empty batch.
        items = {key: at_least_one(value) for key, value in items.items()}
        vectors = tf.cast(self.model.encode_items(items), tf.float32)
        if "feature" in items:
            # Explicitly, because rectifiers turn NaN into zeros.
            valid = finite(items["feature"])[:, None]
            vectors = tf.where(valid, vectors, float("nan"))
        return vectors[:count]

    def encode_users(self, index: tf.Tensor) -> tf.Tensor:
        """Returns float32 unit vectors of users.

        Their shape is `(batch, dim)`, or `(batch, anchors, dim)`.
        """
        return tf.cast(self.model.encode_users(index), tf.float32)

    def score_outfits(
        self, user_id: tf.Tensor, outfits: tf.Tensor, valid: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Scores outfits for users.

        Args:
            user_id: String `(batch,)`.
            outfits: Unit vectors `(batch, candidates, dim)`.
            valid: Bool `(batch, candidates)`.

        Returns:
            `score` float32 and `valid` `(batch, candidates)`, and `known` bool
            `(batch,)`. The score is `LOWEST` where an outfit is not valid.
        """
        users = self.user_index(user_id)
        scores = self.model.score(self.encode_users(users), outfits)
        return {
            "score": tf.where(valid, scores, LOWEST),
            "valid": valid,
            "known": users > 0,
        }
