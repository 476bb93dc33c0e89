"""What every layer must survive."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree

Kwargs = dict[str, Any]


def check_layer(
    cls: type[Any],
    init_kwargs: Kwargs | Callable[[], Kwargs],
    inputs: Kwargs,
    expected_shape: tuple[int, ...],
    tmp_path: Path,
    *,
    float32_output: bool = False,
    tolerance: float = 0.05,
) -> Any:
    """Takes a layer through its life: build, call, copy, save and load.

    Args:
        cls: The layer's class.
        init_kwargs: Its arguments, or a function that gives them anew where
            they hold other layers.
        inputs: Arguments of the call by name.
        expected_shape: Shape of the output.
        tmp_path: Folder to save to.
        float32_output: Whether the output is float32 under every policy.
        tolerance: Largest error under half precision.

    Returns:
        The layer, built and called.
    """

    def make(**kwargs: Any) -> Any:
        known = init_kwargs() if callable(init_kwargs) else init_kwargs
        return cls(**{**known, **kwargs})

    layer = _check_build_and_call(make(), inputs, expected_shape)
    output = layer(**inputs)
    _check_graph_and_symbolic_call(layer, inputs, output)
    _check_gradient(layer, inputs)
    _check_config(layer, inputs, output)
    _check_seed(cls, make)
    _check_save(layer, inputs, output, tmp_path)

    def check_policy(half: Any) -> None:
        half.build(None)
        half.set_weights(layer.get_weights())
        found = half(**inputs)
        dtype = "float32" if float32_output else half.compute_dtype
        assert found.dtype == dtype
        assert {w.dtype for w in half.trainable_weights} <= {"float32"}
        found = np.asarray(tf.cast(found, "float32"))
        np.testing.assert_allclose(found, output, atol=tolerance)

    for policy in ("mixed_float16", "mixed_bfloat16"):
        previous = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            half = make()
        finally:
            keras.config.set_dtype_policy(previous)
        check_policy(half)
        # Layers among the arguments have policies of their own.
        if not callable(init_kwargs):
            check_policy(make(dtype=policy))
    return layer


def _check_build_and_call(
    layer: Any, inputs: Kwargs, expected_shape: tuple[int, ...]
) -> Any:
    layer.build(None)
    assert layer.built
    for part in layer._flatten_layers():
        assert part.built, part
    paths = [weight.path for weight in layer.weights]
    output = layer(**inputs)
    assert [weight.path for weight in layer.weights] == paths
    assert tuple(output.shape) == expected_shape
    assert np.all(np.isfinite(output))
    shapes = tree.map_structure(np.shape, inputs).values()
    assert tuple(layer.compute_output_shape(*shapes)) == expected_shape
    return layer


def _check_graph_and_symbolic_call(
    layer: Any, inputs: Kwargs, output: Any
) -> None:
    in_graph = tf.function(lambda x: layer(**x))(
        tree.map_structure(tf.convert_to_tensor, inputs)
    )
    np.testing.assert_allclose(in_graph, output, rtol=1e-5, atol=1e-5)
    symbolic = tree.map_structure(
        lambda x: keras.KerasTensor((None, *x.shape[1:]), x.dtype), inputs
    )
    spec = layer(**symbolic)
    assert spec.shape == (None, *output.shape[1:])
    assert spec.dtype == output.dtype


def _check_gradient(layer: Any, inputs: Kwargs) -> None:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(**inputs))
    values = [weight.value for weight in layer.trainable_weights]
    for weight, gradient in zip(
        layer.trainable_weights, tape.gradient(loss, values), strict=True
    ):
        assert gradient is not None, weight.path


def _check_config(layer: Any, inputs: Kwargs, output: Any) -> None:
    config = layer.get_config()
    copy = type(layer).from_config(config)
    assert copy.get_config() == config
    serialized = keras.saving.serialize_keras_object(layer)
    assert serialized["registered_name"] == f"fndrec>{type(layer).__name__}"
    copy = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(serialized))
    )
    assert type(copy) is type(layer)
    if not copy.built:
        copy.build(None)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(**inputs), output)


def _check_seed(cls: type[Any], make: Callable[..., Any]) -> None:
    if "seed" not in inspect.signature(cls.__init__).parameters:
        return

    def weights(seed: int | None) -> np.ndarray:
        layer = make(seed=seed)
        layer.build(None)
        return np.concatenate(
            [np.ravel(weight) for weight in layer.trainable_weights]
        )

    first = weights(3)
    np.testing.assert_array_equal(first, weights(3))
    assert not np.array_equal(first, weights(4))
    assert not np.array_equal(weights(None), weights(None))
    # No two parts of a layer start out alike.
    layer = make(seed=3)
    layer.build(None)
    starts = [
        np.ravel(weight)[:8] / np.linalg.norm(np.ravel(weight)[:8])
        for weight in layer.trainable_weights
        if np.std(weight) > 0 and np.size(weight) >= 8
    ]
    cosines = np.array(starts) @ np.array(starts).T
    assert np.all(np.abs(cosines[np.triu_indices(len(starts), 1)]) < 0.99)


def _check_save(
    layer: Any, inputs: Kwargs, output: Any, tmp_path: Path
) -> None:
    symbolic = tree.map_structure(
        lambda x: keras.Input(x.shape[1:], dtype=x.dtype), inputs
    )
    model = keras.Model(symbolic, layer(**symbolic))
    path = tmp_path / f"{type(layer).__name__}.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    np.testing.assert_array_equal(loaded(inputs), output)
    # Weights alone, into a layer with other ones.
    weights = path.with_suffix(".weights.h5")
    model.save_weights(weights)
    for weight in loaded.trainable_weights:
        weight.assign(weight + 1)
    loaded.load_weights(weights)
    np.testing.assert_array_equal(loaded(inputs), output)
