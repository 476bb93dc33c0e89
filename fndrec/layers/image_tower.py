"""Item vectors from photos."""

import importlib
from typing import Any

import keras
from keras import ops

from fndrec.checks import optional_seed, positive_float, positive_int, rate
from fndrec.layers.alexnet import alexnet
from fndrec.layers.seeds import part_seed
from fndrec.layers.sublayers import Changes, Sublayers


@keras.saving.register_keras_serializable("fndrec")
class ImageTower(keras.layers.Layer):
    """Item vectors from photos, by a convolutional network.

    Args:
        dim: Width of the item vectors.
        image_size: Side of the square photos in pixels.
        backbone: `"alexnet"`, the paper's; the name of any model of
            `keras.applications` such as `"MobileNetV3Small"`; or a Keras
            model from images `(items, size, size, 3)` in [0, 255] to
            `(items, features)` or to feature maps, which are averaged.
        width: Factor on AlexNet's filters: 1 is the paper's large network,
            0.25 a small one. Used by `"alexnet"` only.
        weights: Pretrained weights of a `keras.applications` model:
            `"imagenet"`, a path or `None`.
        flip: Whether training photos are flipped left to right at random.
        dropout: Dropout rate before the projection to `dim`.
        seed: Seed of flips, dropout and weights; the weights of a
            `keras.applications` model follow `keras.utils.set_random_seed`.
        sublayers: Arguments of sublayers that differ from the default, by
            name of the sublayer. There is `projection`; what is changed in
            the layers of a backbone is kept where the backbone is a model.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        images: `(items, image_size, image_size, 3)`, uint8 or float, in
            [0, 255].
        training: Whether photos are flipped and units dropped.

    Returns:
        Float tensor `(items, dim)`.

    Raises:
        ValueError: If an argument is out of its range or `backbone` unknown.

    Example:

    >>> tower = fndrec.layers.ImageTower(dim=64, image_size=64, width=0.25)
    >>> tower(np.zeros((10, 64, 64, 3), "uint8")).shape
    TensorShape([10, 64])

    Reference: Kim et al. 2021, whose towers are AlexNets, large and small.
    """

    def __init__(
        self,
        dim: int,
        image_size: int,
        backbone: Any = "alexnet",
        width: float = 1.0,
        weights: str | None = None,
        flip: bool = True,
        dropout: float = 0.0,
        seed: int | None = None,
        sublayers: Changes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = positive_int("dim", dim)
        self.image_size = positive_int("image_size", image_size)
        self.width = positive_float("width", width)
        self.weights_name = weights
        self.flip = bool(flip)
        self.seed = seed = optional_seed(seed)
        self.backbone = backbone
        self._preprocess: Any = None
        # The layers of the backbone take the dtype policy of the tower.
        previous = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.dtype_policy)
        try:
            self.network = self._make_network()
        finally:
            keras.config.set_dtype_policy(previous)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.average = keras.layers.GlobalAveragePooling2D(
            name="average", dtype=self.dtype_policy
        )
        self.dropout = keras.layers.Dropout(
            rate("dropout", dropout),
            seed=part_seed(seed, "dropout"),
            dtype=self.dtype_policy,
        )
        self._sublayers = Sublayers(self, sublayers)
        self.projection = self._sublayers.make(
            keras.layers.Dense,
            "projection",
            units=self.dim,
            kernel_initializer=keras.initializers.GlorotUniform(
                seed=part_seed(seed, "projection")
            ),
        )
        self._sublayers.check()

    def _make_network(self) -> Any:
        if isinstance(self.backbone, keras.Model):
            return self.backbone
        if self.backbone == "alexnet":
            if self.weights_name is not None:
                raise ValueError(
                    "`weights` are for models of `keras.applications`. "
                    f"Received: weights={self.weights_name!r} with "
                    "backbone='alexnet'"
                )
            return alexnet(self.image_size, self.width, self.seed)
        make = getattr(keras.applications, str(self.backbone), None)
        if not callable(make):
            raise ValueError(
                '`backbone` should be "alexnet", the name of a model of '
                "`keras.applications` or a Keras model. "
                f"Received: backbone={self.backbone!r}"
            )
        module = importlib.import_module(make.__module__)
        self._preprocess = module.preprocess_input
        return make(
            include_top=False,
            weights=self.weights_name,
            input_shape=(self.image_size, self.image_size, 3),
        )

    def build(self, input_shape: Any = None) -> None:
        features = self.network.output_shape
        if len(features) == 4:
            self.average.build(features)
        self.dropout.build((None, features[-1]))
        self.projection.build((None, features[-1]))
        self.built = True

    def call(self, images: Any, training: bool = False) -> Any:
        x = ops.convert_to_tensor(images)
        if training and self.flip:
            x = self._flipped_at_random(x)
        x = ops.cast(x, "float32")
        if self._preprocess is not None:
            x = self._preprocess(x)
        elif self.backbone == "alexnet":
            x = x / 127.5 - 1.0
        x = self.network(ops.cast(x, self.compute_dtype), training=training)
        if len(x.shape) == 4:
            x = self.average(x)
        return self.projection(self.dropout(x, training=training))

    def _flipped_at_random(self, images: Any) -> Any:
        """Flips each photo left to right with probability 0.5."""
        items, size = ops.shape(images)[:2]
        drawn = keras.random.uniform((items, 1, 1, 1), seed=self.seed_generator)
        flipped = ops.reshape(drawn < 0.5, (-1,))
        # Copying whole rows of pixels and whole photos takes a tenth of the
        # time of `where` and of a flip along four axes.
        other = ops.flip(ops.reshape(images, (-1, size, 3)), axis=1)
        other = ops.reshape(other, (-1, size, size, 3))
        at = ops.arange(items) + items * ops.cast(flipped, "int32")
        return ops.take(ops.concatenate([images, other]), at, axis=0)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (input_shape[0], self.dim)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        backbone = self.backbone
        if isinstance(backbone, keras.Model):
            backbone = keras.saving.serialize_keras_object(backbone)
        config.update(
            {
                "dim": self.dim,
                "image_size": self.image_size,
                "backbone": backbone,
                "width": self.width,
                # The learned weights are stored with the layer.
                "weights": None,
                "flip": self.flip,
                "dropout": self.dropout.rate,
                "seed": self.seed,
                **self._sublayers.config(),
            }
        )
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ImageTower":
        config = dict(config)
        if isinstance(config["backbone"], dict):
            config["backbone"] = keras.saving.deserialize_keras_object(
                config["backbone"]
            )
        return cls(**config)
