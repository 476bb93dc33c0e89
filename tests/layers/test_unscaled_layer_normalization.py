from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from fndrec.layers import UnscaledLayerNormalization


def centered() -> np.ndarray:
    x = np.random.default_rng(0).normal(2, 3, size=(2, 5, 8))
    return (x - x.mean(axis=-1, keepdims=True)).astype("float32")


def built(**kwargs: Any) -> Any:
    layer = UnscaledLayerNormalization(**kwargs)
    layer.build((None, None, 8))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=8), rng.normal(size=8)])
    return layer


def test_scaled_it_is_layer_normalization() -> None:
    layer = built(epsilon=0.1)
    plain = keras.layers.LayerNormalization(epsilon=0.1)
    plain.build((None, None, 8))
    plain.set_weights(layer.get_weights())
    outputs, scale, offset = layer(centered())
    np.testing.assert_array_equal(scale, layer.gamma)
    np.testing.assert_array_equal(offset, layer.beta)
    np.testing.assert_allclose(
        outputs * scale + offset, plain(centered()), atol=1e-6
    )


def test_half_precision_does_not_overflow() -> None:
    layer = built(dtype="mixed_float16")
    outputs, scale, offset = layer(1000 * centered())
    assert outputs.dtype == "float16"
    # Cast by the layer that takes them.
    assert scale.dtype == offset.dtype == "float32"
    np.testing.assert_allclose(
        outputs, built()(1000 * centered())[0], atol=5e-3
    )


def test_symbolic_call() -> None:
    layer = built(dtype="mixed_bfloat16")
    found = layer(keras.KerasTensor((None, 5, 8)))
    assert [(x.shape, x.dtype) for x in found] == [
        ((None, 5, 8), "bfloat16"),
        ((8,), "float32"),
        ((8,), "float32"),
    ]


def test_gradient_reaches_scale_and_offset() -> None:
    layer = built()
    with tf.GradientTape() as tape:
        outputs, scale, offset = layer(centered())
        loss = tf.reduce_sum((outputs * scale + offset) ** 3)
    gradients = tape.gradient(loss, [weight.value for weight in layer.weights])
    assert all(np.any(gradient != 0) for gradient in gradients)


def test_saved_and_loaded(tmp_path: Path) -> None:
    inputs = keras.Input((8,))
    layer = UnscaledLayerNormalization(0.1, gamma_regularizer="l2")
    model = keras.Model(inputs, layer(inputs)[0])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].get_config() == layer.get_config()
    np.testing.assert_array_equal(loaded(centered()[0]), model(centered()[0]))
    assert len(model.losses) == 1


@pytest.mark.parametrize("name", ["axis", "center", "scale", "rms_scaling"])
def test_what_cannot_be_otherwise(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        UnscaledLayerNormalization(**{name: False})
