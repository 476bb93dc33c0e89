"""Item vectors from feature vectors."""

from typing import Any

import keras

from fndrec.checks import optional_seed, positive_int, rate
from fndrec.layers.seeds import part_seed
from fndrec.layers.sublayers import Changes, Sublayers


@keras.saving.register_keras_serializable("fndrec")
class FeatureTower(keras.layers.Layer):
    """Item vectors from ready-made features (CLIP, ResNet, attributes).

    Normalizes the features, then applies a hidden layer and a projection.

    Args:
        num_features: Width of the feature vectors.
        dim: Width of the item vectors.
        hidden: Width of the hidden layer; `2 * dim` by default.
        dropout: Dropout rate before the projection.
        seed: Seed of weights and dropout.
        sublayers: Arguments of sublayers that differ from the default, by
            name of the sublayer: `{"inner": {"activation": "gelu"}}`. Their
            names are `norm`, `inner` and `outer`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        features: Float tensor `(items, num_features)`.
        training: Whether dropout is applied.

    Returns:
        Float tensor `(items, dim)`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> tower = fndrec.layers.FeatureTower(num_features=512, dim=64)
    >>> tower(np.zeros((10, 512))).shape
    TensorShape([10, 64])
    """

    def __init__(
        self,
        num_features: int,
        dim: int,
        hidden: int | None = None,
        dropout: float = 0.1,
        seed: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_features = positive_int("num_features", num_features)
        self.dim = positive_int("dim", dim)
        self.hidden = positive_int(
            "hidden", 2 * dim if hidden is None else hidden
        )
        self.seed = seed = optional_seed(seed)
        self.dropout = keras.layers.Dropout(
            rate("dropout", dropout),
            seed=part_seed(seed, "dropout"),
            dtype=self.dtype_policy,
        )
        self._sublayers = Sublayers(self, sublayers)
        # A list, as the layer has it once it is built.
        self.norm = self._sublayers.make(
            keras.layers.LayerNormalization, "norm", axis=[-1]
        )
        self.inner = self._sublayers.make(
            keras.layers.Dense,
            "inner",
            units=self.hidden,
            activation="relu",
            kernel_initializer=keras.initializers.GlorotUniform(
                seed=part_seed(seed, "inner")
            ),
        )
        self.outer = self._sublayers.make(
            keras.layers.Dense,
            "outer",
            units=self.dim,
            kernel_initializer=keras.initializers.GlorotUniform(
                seed=part_seed(seed, "outer")
            ),
        )
        self._sublayers.check()

    def build(self, input_shape: Any = None) -> None:
        self.norm.build((None, self.num_features))
        self.inner.build((None, self.num_features))
        self.dropout.build((None, self.hidden))
        self.outer.build((None, self.hidden))
        self.built = True

    def call(self, features: Any, training: bool = False) -> Any:
        x = self.inner(self.norm(features))
        return self.outer(self.dropout(x, training=training))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape[:-1], self.dim)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "num_features": self.num_features,
                "dim": self.dim,
                "hidden": self.hidden,
                "dropout": self.dropout.rate,
                "seed": self.seed,
                **self._sublayers.config(),
            }
        )
        return config
