"""A model with the ids that it is asked by."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.models import OutfitRecommender
from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._lookup import lookup_table, rows
from fndrec.serving.export._sets import at_least_one, finite

# What the towers look at, by the names that signatures give it.
INPUTS = {
    "image": "image",
    "feature": "feature",
    "category": "category",
    "item_id": "id",
}


class ServedModel:
    """What all signatures compute with.

    Args:
        model: The model; it knows the ids of its users.
        catalogue: The baked-in shop, if there is one.
        folder: Folder for the files of the ids.
    """

    def __init__(
        self,
        model: OutfitRecommender,
        catalogue: Catalogue | None,
        folder: Path,
    ) -> None:
        known = model.vocabulary
        assert known is not None
        self.model = model
        self.catalogue = catalogue
        self.towers = model.item_tower.towers
        self.dim: int = model.item_tower.dim
        self.example_user = known.users[0]
        self.example_item = known.items[0]
        self.example_category = (
            "" if known.categories is None else known.categories[0]
        )
        # Plain attributes would not be saved: these are tracked.
        self.tables = tf.Module(name="tables")
        self.tables.users = lookup_table(known.users, folder / "users.txt")
        if "id" in self.towers:
            self.tables.items = lookup_table(known.items, folder / "items.txt")
        if "category" in self.towers:
            assert known.categories is not None
            self.tables.categories = lookup_table(
                known.categories, folder / "categories.txt"
            )

    @property
    def image_size(self) -> int | None:
        """Side of the photos, or None if the model looks at none."""
        tower = self.towers.get("image")
        return None if tower is None else int(tower.image_size)

    def user_index(self, ids: Any) -> Any:
        """Indices of users; 0 for one not known."""
        return rows(self.tables.users, ids) + 1

    def item_specs(self, *axes: None) -> dict[str, Any]:
        """Input of each thing the model looks at, over the given axes."""
        shapes: dict[str, tuple[tuple[Any, ...], Any]] = {}
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
        """An example of each input of `item_specs`."""
        names = {
            "category": self.example_category,
            "item_id": self.example_item,
        }
        made: dict[str, np.ndarray] = {}
        for name, spec in self.item_specs(*[None] * len(axes)).items():
            shape = (*axes, *spec.shape[len(axes) :])
            if name in names:
                made[name] = np.full(shape, names[name], object)
            elif name == "image":
                made[name] = np.broadcast_to(self.example_photo(), shape)
            else:
                made[name] = np.full(shape, 0.5, np.float32)
        return made

    def example_photo(self) -> np.ndarray:
        """A photo: a grey garment on white."""
        size = self.image_size or 0
        photo = np.full((size, size, 3), 255, np.uint8)
        edge = size // 4
        photo[edge : size - edge, edge : size - edge] = 128
        return photo

    def encode_items(self, inputs: dict[str, Any]) -> Any:
        """Item vectors float32 `(items, dim)`, also of no items at all.

        That of an item whose `feature` is not finite is NaN.
        """
        items = {}
        for name, value in inputs.items():
            if name == "category":
                value = rows(self.tables.categories, value) + 1
            elif name == "item_id":
                value = rows(self.tables.items, value) + 1
            items[INPUTS[name]] = value
        count = tf.shape(next(iter(items.values())))[0]
        # Batch normalisation fails on an empty batch.
        items = {key: at_least_one(value) for key, value in items.items()}
        vectors = tf.cast(self.model.encode_items(items), tf.float32)
        if "feature" in items:
            # Said, as rectifiers make zeros of NaN.
            known = finite(items["feature"])[:, None]
            vectors = tf.where(known, vectors, float("nan"))
        return vectors[:count]

    def encode_users(self, index: Any) -> Any:
        """Unit vectors float32 `(batch, dim)` of users."""
        return tf.cast(self.model.encode_users(index), tf.float32)
