"""Item vectors from all that is known of the items."""

from typing import Any

import keras

from fndrec.checks import positive_int
from fndrec.layers.feature_tower import FeatureTower
from fndrec.layers.id_embedding import IdEmbedding
from fndrec.layers.image_tower import ImageTower


@keras.saving.register_keras_serializable("fndrec")
class ItemTower(keras.layers.Layer):
    """Item vectors as the sum of towers of photo, features, category and id.

    Args:
        dim: Width of the item vectors.
        image: An `ImageTower` (or any layer from images to `dim`), if the
            items have photos.
        feature: A `FeatureTower` (or any layer from features to `dim`), if
            they have feature vectors.
        category: An `IdEmbedding` of the categories.
        id: An `IdEmbedding` of the items themselves. An item that is not in
            the table gets the vector of row 0.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        items: Dictionary of tensors over the same items: `"image"` uint8
            `(items, size, size, 3)`, `"feature"` float `(items, features)`,
            `"category"` and `"id"` int `(items,)`. Keys without a tower are
            ignored.
        training: Passed to the towers.

    Returns:
        Float tensor `(items, dim)`.

    Raises:
        ValueError: If no tower is given, or the key of a tower is missing.

    Example:

    >>> tower = fndrec.layers.ItemTower(
    ...     dim=64, category=fndrec.layers.IdEmbedding(num_ids=10, dim=64))
    >>> tower({"category": np.array([1, 2, 10])}).shape
    TensorShape([3, 64])
    """

    def __init__(
        self,
        dim: int,
        image: ImageTower | Any = None,
        feature: FeatureTower | Any = None,
        category: IdEmbedding | Any = None,
        id: IdEmbedding | Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = positive_int("dim", dim)
        towers = {
            "image": image,
            "feature": feature,
            "category": category,
            "id": id,
        }
        self.towers = {k: v for k, v in towers.items() if v is not None}
        if not self.towers:
            raise ValueError(
                "`ItemTower` should be given at least one of `image`, "
                "`feature`, `category` and `id`. Received: none of them"
            )
        for key, tower in self.towers.items():
            if getattr(tower, "dim", dim) != dim:
                raise ValueError(
                    f"`{key}` should give vectors of width dim={dim}. "
                    f"Received: a tower with dim={tower.dim}"
                )

    def build(self, input_shape: Any = None) -> None:
        if input_shape is not None:
            self._check_keys(input_shape)
        for key, tower in self.towers.items():
            if not tower.built:
                tower.build(input_shape and input_shape[key])
        self.built = True

    def call(self, items: dict[str, Any], training: bool = False) -> Any:
        self._check_keys(items)
        vectors = [
            tower(items[key], training=training)
            for key, tower in self.towers.items()
        ]
        return sum(vectors[1:], start=vectors[0])

    def _check_keys(self, items: dict[str, Any]) -> None:
        if not self.towers.keys() <= items.keys():
            raise ValueError(
                f"`items` should have the keys {sorted(self.towers)}, which "
                f"this tower was made for. Received: {sorted(items)}"
            )

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        key = next(iter(self.towers))
        return (input_shape[key][0], self.dim)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["dim"] = self.dim
        for key, tower in self.towers.items():
            config[key] = keras.saving.serialize_keras_object(tower)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ItemTower":
        config = dict(config)
        for key in ("image", "feature", "category", "id"):
            if key in config:
                config[key] = keras.saving.deserialize_keras_object(config[key])
        return cls(**config)
