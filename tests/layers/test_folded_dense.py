import itertools
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from fndrec.layers import FoldedDense

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(5, 8)).astype("float32")
SCALE = RNG.normal(1, 0.3, 8).astype("float32")
OFFSET = RNG.normal(0, 0.3, 8).astype("float32")
PARTS = (0.5, 1.0, 2.0)
KINDS: list[dict[str, Any]] = [
    {"center": center, "part_scales": parts, "activation": activation}
    for center, parts, activation in itertools.product(
        (False, True), (None, PARTS), (None, "relu", "softmax")
    )
]


def built(**kwargs: Any) -> Any:
    layer = FoldedDense(6, **kwargs)
    layer.build((None, 8))
    if layer.use_bias:
        layer.bias.assign(np.linspace(-1, 1, 6))
    return layer


def step_by_step(layer: Any, scale: Any, offset: Any) -> Any:
    """What the layer is to compute, by a dense layer of Keras."""
    dense = keras.layers.Dense(6, layer.activation, layer.use_bias)
    dense.build((None, 8))
    bias = [layer.bias.numpy()] if layer.use_bias else []
    dense.set_weights([np.asarray(layer.kernel), *bias])
    x = INPUTS if scale is None else INPUTS * scale
    y = dense(x if offset is None else x + offset)
    if layer.center:
        y = y - tf.reduce_mean(y, axis=-1, keepdims=True)
    if layer.part_scales is None:
        return y
    return tuple(
        part * factor
        for part, factor in zip(
            tf.split(y, 3, axis=-1), layer.part_scales, strict=True
        )
    )


def assert_close(found: Any, expected: Any, atol: float) -> None:
    for one, other in zip(
        tf.nest.flatten(found), tf.nest.flatten(expected), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=atol)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("use_bias", [True, False])
def test_equals_a_dense_layer_step_by_step(
    kind: dict[str, Any], use_bias: bool
) -> None:
    layer = built(use_bias=use_bias, **kind)
    for scale, offset in itertools.product((None, SCALE), (None, OFFSET)):
        assert_close(
            layer(INPUTS, scale, offset),
            step_by_step(layer, scale, offset),
            atol=1e-6,
        )


@pytest.mark.parametrize("kind", KINDS[::2], ids=str)
def test_gradients_are_those_of_each_step(kind: dict[str, Any]) -> None:
    layer = built(**kind)
    scale, offset = tf.constant(SCALE), tf.constant(OFFSET)
    gradients = []
    for folded in (True, False):
        with tf.GradientTape() as tape:
            tape.watch((scale, offset))
            if folded:
                y = layer(INPUTS, scale, offset)
            else:
                y = layer._unfolded(
                    super(FoldedDense, layer).call, INPUTS, scale, offset, None
                )
            loss = sum(tf.reduce_sum(part**3) for part in tf.nest.flatten(y))
        weights = [weight.value for weight in layer.weights]
        gradients.append(tape.gradient(loss, [scale, offset, *weights]))
    for found, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
        assert np.any(found != 0)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_8_bit_weights(kind: dict[str, Any]) -> None:
    layer = built(**kind)
    before = layer(INPUTS, SCALE, OFFSET)
    layer.quantize("int8")
    assert {weight.dtype for weight in layer.weights} == {"int8", "float32"}
    after = layer(INPUTS, SCALE, OFFSET)
    assert_close(after, before, atol=0.05)
    assert any(
        np.any(one != other)
        for one, other in zip(
            tf.nest.flatten(after), tf.nest.flatten(before), strict=True
        )
    )
    # The 8-bit weights are what is computed with.
    (kernel,) = [w for w in layer.weights if w.dtype == "int8"]
    kernel.assign(np.zeros(kernel.shape))
    for part in tf.nest.flatten(layer(INPUTS, SCALE, OFFSET)):
        np.testing.assert_allclose(part, part[:1] + 0 * part, atol=1e-6)


@pytest.mark.parametrize("mode", ["int4", "float8"])
def test_other_quantizations(mode: str) -> None:
    layer = built(center=True)
    before = layer(INPUTS, SCALE, OFFSET)
    layer.quantize(mode)
    after = layer(INPUTS, SCALE, OFFSET)
    assert np.any(after != before)
    np.testing.assert_allclose(after, before, atol=0.5)
    np.testing.assert_allclose(np.mean(after, axis=-1), 0, atol=1e-6)


def test_a_quantization_that_is_calibrated_is_refused() -> None:
    config = keras.quantizers.GPTQConfig(dataset=None, tokenizer=None)
    with pytest.raises(NotImplementedError, match="FoldedDense"):
        built().quantize("gptq", config=config)


@pytest.mark.parametrize("kind", KINDS[:4], ids=str)
def test_low_rank_adaptation(kind: dict[str, Any]) -> None:
    layer = built(**kind)
    before = layer(INPUTS, SCALE, OFFSET)
    layer.enable_lora(2)
    assert_close(layer(INPUTS, SCALE, OFFSET), before, atol=1e-6)
    layer.lora_kernel_b.assign(RNG.normal(size=(2, 6)))
    assert_close(
        layer(INPUTS, SCALE, OFFSET),
        step_by_step(layer, SCALE, OFFSET),
        atol=1e-5,
    )
    with tf.GradientTape() as tape:
        y = layer(INPUTS, SCALE, OFFSET)
        loss = sum(tf.reduce_sum(part**3) for part in tf.nest.flatten(y))
    names = [weight.name for weight in layer.trainable_weights]
    assert names == ["bias", "lora_kernel_a", "lora_kernel_b"]
    gradients = tape.gradient(loss, [w.value for w in layer.trainable_weights])
    assert all(np.any(gradient != 0) for gradient in gradients)


def test_regularizers() -> None:
    layer = built(kernel_regularizer="l2", activity_regularizer="l2")
    layer(INPUTS)
    assert len(layer.losses) == 2
    assert all(float(loss) > 0 for loss in layer.losses)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("mode", [None, "int8", "lora"])
def test_saved_and_loaded(
    kind: dict[str, Any], mode: str | None, tmp_path: Path
) -> None:
    layer = FoldedDense(6, **kind)
    inputs = keras.Input((8,))
    model = keras.Model(inputs, layer(inputs))
    if mode == "int8":
        model.quantize("int8")
    elif mode == "lora":
        layer.enable_lora(2)
        layer.lora_kernel_b.assign(RNG.normal(size=(2, 6)))
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert_close(loaded(INPUTS), model(INPUTS), atol=1e-6)
    # As JSON, which knows no tuples.
    configs = [json.dumps(x.get_config()) for x in (loaded.layers[-1], layer)]
    assert configs[0] == configs[1]


def test_shapes_of_parts() -> None:
    layer = FoldedDense(6, part_scales=PARTS)
    assert layer.compute_output_shape((None, 8)) == ((None, 2),) * 3
    assert [x.shape for x in layer(keras.Input((8,)))] == [(None, 2)] * 3


@pytest.mark.parametrize("parts", [(), (1.0,) * 4])
def test_bad_arguments(parts: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="`part_scales` should hold"):
        FoldedDense(6, part_scales=parts)
