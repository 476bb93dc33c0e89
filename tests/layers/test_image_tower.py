from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import check_layer

from fndrec.layers import ImageTower

SIZE = 16


def photos(items: int = 3, size: int = SIZE) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (items, size, size, 3)).astype("uint8")


def corner_model(size: int = SIZE) -> Any:
    """The mean of the left half of a photo, and of the right half."""
    inputs = keras.Input((size, size, 3))
    halves = ops.reshape(inputs, (-1, size, 2, size // 2, 3))
    return keras.Model(inputs, ops.mean(halves, axis=(1, 3, 4)))


def conv_model(size: int = SIZE) -> Any:
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(4, 3, name="own")(x))


def test_life(tmp_path: Path) -> None:
    layer = check_layer(
        ImageTower,
        {"dim": 8, "image_size": SIZE, "width": 0.05, "dropout": 0.2},
        {"images": photos()},
        (3, 8),
        tmp_path,
    )
    # Normalisation statistics are weights, but not trained.
    assert len(layer.trainable_weights) == 5 * 3 + 2
    assert len(layer.non_trainable_weights) == 5 * 2


@pytest.mark.parametrize("model", [conv_model, corner_model])
def test_life_of_an_own_model(model: Callable[[], Any], tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    layer = ImageTower(8, SIZE, backbone=model(), seed=0)
    x = photos()
    found = layer(x)
    assert tuple(found.shape) == (3, 8)
    _check_copy_and_save(layer, x, tmp_path)


def test_life_of_a_keras_application(tmp_path: Path) -> None:
    x = photos(2, size=32)
    layer = ImageTower(8, 32, backbone="MobileNetV3Small", seed=0)
    assert tuple(layer(x).shape) == (2, 8)
    assert layer.get_config()["backbone"] == "MobileNetV3Small"
    _check_copy_and_save(layer, x, tmp_path)


def _check_copy_and_save(layer: Any, x: np.ndarray, tmp_path: Path) -> None:
    copy = ImageTower.from_config(layer.get_config())
    copy.build()
    assert len(copy.weights) == len(layer.weights)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(x), layer(x))
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert copy.get_config() == layer.get_config()
    inputs = keras.Input(x.shape[1:], dtype="uint8")
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), layer(x))


def test_backbone_has_the_policy_of_the_tower() -> None:
    before = keras.config.dtype_policy()
    tower = ImageTower(8, SIZE, width=0.05, dtype="mixed_bfloat16")
    assert keras.config.dtype_policy() is before
    names = {layer.dtype_policy.name for layer in tower.network.layers}
    assert names == {"mixed_bfloat16"}
    # Also when the backbone cannot be made.
    with pytest.raises(ValueError, match="backbone"):
        ImageTower(8, SIZE, backbone="no such", dtype="mixed_bfloat16")
    assert keras.config.dtype_policy() is before


def test_bytes_and_floats_give_the_same() -> None:
    layer = ImageTower(8, SIZE, width=0.05, seed=0)
    x = photos()
    for training in (False, True):
        layer.flip = False
        np.testing.assert_array_equal(
            layer(x, training=training),
            layer(x.astype("float32"), training=training),
        )


def test_alexnet_sees_pixels_in_minus_one_to_one() -> None:
    layer = ImageTower(8, SIZE, width=0.05, seed=0)
    layer.build()
    x = photos()
    found = layer.projection(layer.network(x / 127.5 - 1.0))
    np.testing.assert_allclose(layer(x), found, atol=1e-6)


def test_own_model_sees_pixels_as_they_are() -> None:
    layer = ImageTower(2, SIZE, backbone=corner_model(), flip=False)
    layer.build()
    layer.projection.kernel.assign(np.eye(2))
    x = photos()
    halves = [x[:, :, :8].mean((1, 2, 3)), x[:, :, 8:].mean((1, 2, 3))]
    np.testing.assert_allclose(layer(x), np.stack(halves, 1), rtol=1e-5)


def test_flips_in_training_only() -> None:
    layer = ImageTower(2, SIZE, backbone=corner_model(), seed=0)
    layer.build()
    layer.projection.kernel.assign(np.eye(2))
    x = photos(200)
    plain = layer(x).numpy()
    np.testing.assert_array_equal(layer(x, training=False), plain)
    trained = layer(x, training=True).numpy()
    same = np.isclose(trained, plain).all(axis=1)
    mirrored = np.isclose(trained, plain[:, ::-1]).all(axis=1)
    # Each photo as it is or left to right, some of both.
    assert np.all(same | mirrored)
    assert 60 < same.sum() < 140
    layer.flip = False
    np.testing.assert_array_equal(layer(x, training=True), plain)


def test_feature_maps_are_averaged() -> None:
    layer = ImageTower(8, SIZE, backbone=conv_model(), seed=0)
    layer.build()
    x = photos()
    maps = layer.network(x.astype("float32")).numpy()
    found = layer.projection(maps.mean(axis=(1, 2)))
    np.testing.assert_allclose(layer(x), found, atol=1e-5)


def test_batch_composition_changes_nothing() -> None:
    layer = ImageTower(8, SIZE, width=0.05, seed=0)
    x = photos(6)
    np.testing.assert_allclose(layer(x)[2:4], layer(x[2:4]), atol=1e-5)


def test_pretrained_weights_are_not_fetched_by_a_copy() -> None:
    layer = ImageTower(8, 32, backbone="MobileNetV3Small")
    layer.weights_name = "imagenet"
    assert layer.get_config()["weights"] is None


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"dim": 0}, "`dim` should be a positive integer"),
        ({"image_size": 2.5}, "`image_size` should be a positive integer"),
        ({"width": 0}, "`width` should be a positive float"),
        ({"dropout": 1.0}, "`dropout` should be a float"),
        (
            {"backbone": "ResNet9000"},
            '`backbone` should be "alexnet", the name of a model of '
            "`keras.applications` or a Keras model. "
            "Received: backbone='ResNet9000'",
        ),
        # A module of keras.applications, not a model.
        ({"backbone": "resnet50"}, "`backbone` should be"),
        ({"backbone": None}, "`backbone` should be .* backbone=None"),
        ({"weights": "imagenet"}, "`weights` are for models of"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ImageTower(**{"dim": 8, "image_size": SIZE, "width": 0.05, **kwargs})
