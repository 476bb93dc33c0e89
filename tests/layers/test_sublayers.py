"""Sublayers are called, and are kept as they were changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from fndrec.layers import (
    FeatureTower,
    IdEmbedding,
    ImageTower,
    SetAttentionBlock,
    SetTransformer,
    UserAnchors,
    UserCodes,
    UserEmbedding,
    UserHistoryEncoder,
)

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(7, 8)).astype("float32")
SETS = np.array([[0, 3, -1], [4, 1, 2], [5, -1, -1]], "int32")
IDS = np.array([0, 3, 4])

# Each layer with sublayers, and what it is called with.
LAYERS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "SetAttentionBlock": (
        lambda **kwargs: SetAttentionBlock(8, 2, seed=0, **kwargs),
        {"x": ROWS[None], "present": np.ones((1, 7), bool)},
    ),
    "SetTransformer": (
        lambda **kwargs: SetTransformer(8, 2, 2, seed=0, **kwargs),
        {"items": ROWS, "outfits": SETS},
    ),
    "UserHistoryEncoder": (
        lambda **kwargs: UserHistoryEncoder(8, 2, seed=0, **kwargs),
        {"outfits": ROWS, "history": SETS},
    ),
    "FeatureTower": (
        lambda **kwargs: FeatureTower(8, 8, seed=0, **kwargs),
        {"features": ROWS},
    ),
    "ImageTower": (
        lambda **kwargs: ImageTower(8, 8, width=0.05, seed=0, **kwargs),
        {"images": RNG.integers(0, 256, (3, 8, 8, 3)).astype("uint8")},
    ),
    "IdEmbedding": (
        lambda **kwargs: IdEmbedding(4, 8, seed=0, **kwargs),
        {"ids": IDS},
    ),
    "UserEmbedding": (
        lambda **kwargs: UserEmbedding(4, 8, seed=0, **kwargs),
        {"ids": IDS},
    ),
    "UserCodes": (
        lambda **kwargs: UserCodes(4, 8, seed=0, **kwargs),
        {"ids": IDS},
    ),
    "UserAnchors": (
        lambda **kwargs: UserAnchors(4, 8, 2, seed=0, **kwargs),
        {"ids": IDS},
    ),
}
EVERY = pytest.mark.parametrize("name", LAYERS)
CONFIGURABLE = (keras.layers.Dense, keras.layers.Embedding)
KERNELS = ("kernel", "embeddings")


def made(name: str, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
    """A layer none of whose weights is at its start, and its inputs."""
    make, inputs = LAYERS[name]
    layer = make(**kwargs)
    layer.build()
    rng = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.3, weight.shape))
    return layer, inputs


def leaves(layer: Any, kind: Any) -> list[Any]:
    """All layers of a kind within a layer."""
    return [
        part
        for part in layer._flatten_layers(include_self=False)
        if isinstance(part, kind)
    ]


def model_of(layer: Any, inputs: dict[str, Any]) -> Any:
    symbolic = {
        name: keras.Input(value.shape[1:], dtype=value.dtype, name=name)
        for name, value in inputs.items()
    }
    return keras.Model(symbolic, layer(**symbolic))


def check_kept(layer: Any, inputs: dict[str, Any], folder: Path) -> Any:
    """Saves and loads a layer, which stays as it is."""
    model = model_of(layer, inputs)
    model.save(folder / "model.keras")
    loaded = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_allclose(loaded(inputs), model(inputs), atol=1e-6)
    copy = loaded.get_layer(layer.name)
    # As JSON, which knows no tuples.
    assert json.dumps(copy.get_config()) == json.dumps(layer.get_config())
    return copy


def cosine(left: Any, right: Any) -> float:
    left, right = np.ravel(left), np.ravel(right)
    return float(left @ right / np.sqrt((left @ left) * (right @ right)))


@EVERY
def test_each_sublayer_is_called(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []
    call = keras.layers.Layer.__call__

    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        called.append(self)
        return call(self, *args, **kwargs)

    layer, inputs = made(name)
    monkeypatch.setattr(keras.layers.Layer, "__call__", noting)
    layer(**inputs, training=True)
    for part in leaves(layer, keras.layers.Layer):
        if part.weights:
            assert any(part is one for one in called), part.path


@EVERY
def test_nothing_is_kept_of_sublayers_as_they_are_made(
    name: str, tmp_path: Path
) -> None:
    layer, inputs = made(name)
    assert "sublayers" not in layer.get_config()
    copy = check_kept(layer, inputs, tmp_path)
    assert "sublayers" not in copy.get_config()


@EVERY
def test_8_bit_weights(name: str, tmp_path: Path) -> None:
    layer, inputs = made(name)
    before = np.array(layer(**inputs))
    model = model_of(layer, inputs)
    model.quantize("int8")
    for part in leaves(layer, CONFIGURABLE):
        assert part.quantization_mode == "int8"
        assert "int8" in {weight.dtype for weight in part.weights}
    after = np.array(layer(**inputs))
    if name == "UserCodes":  # signs, which small errors leave as they are
        np.testing.assert_array_equal(after, before)
    else:
        assert np.any(after != before)
        assert cosine(after, before) > 0.999
    copy = check_kept(layer, inputs, tmp_path)
    np.testing.assert_array_equal(copy(**inputs), after)
    for part in leaves(copy, CONFIGURABLE):
        assert part.quantization_mode == "int8"


@EVERY
def test_the_8_bit_weights_are_those_computed_with(name: str) -> None:
    layer, inputs = made(name)
    model_of(layer, inputs).quantize("int8")
    before = np.array(layer(**inputs))
    for part in leaves(layer, CONFIGURABLE):
        (kernel,) = [w for w in part.weights if w.dtype == "int8"]
        kept = kernel.numpy()
        kernel.assign(np.roll(kept, 1, axis=0) // 2)
        assert np.any(np.array(layer(**inputs)) != before), part.path
        kernel.assign(kept)


@EVERY
def test_low_rank_adaptation(name: str, tmp_path: Path) -> None:
    layer, inputs = made(name)
    before = np.array(layer(**inputs))
    for part in leaves(layer, CONFIGURABLE):
        part.enable_lora(2)
        np.testing.assert_allclose(layer(**inputs), before, atol=1e-6)
        (up,) = [w for w in part.trainable_weights if w.name.endswith("_b")]
        up.assign(RNG.normal(size=up.shape))
        after = np.array(layer(**inputs))
        assert np.any(after != before), part.path
        before = after
    frozen = {id(w) for w in layer.non_trainable_weights}
    for part in leaves(layer, CONFIGURABLE):
        kernels = [
            w for w in part.weights if w.name in ("kernel", "embeddings")
        ]
        assert all(id(kernel) in frozen for kernel in kernels)
    copy = check_kept(layer, inputs, tmp_path)
    for part in leaves(copy, CONFIGURABLE):
        assert part.lora_enabled
        assert part.lora_rank == 2


@pytest.mark.parametrize("name", ["SetAttentionBlock", "SetTransformer"])
def test_low_rank_adaptation_is_what_is_trained(name: str) -> None:
    layer, inputs = made(name)
    layer.trainable = False
    part = layer.inner
    part.trainable = True
    part.bias.trainable = False
    part.enable_lora(2)
    layer.trainable = True
    for weight in layer.trainable_weights:
        weight.trainable = weight.name.startswith("lora")
    names = [weight.path for weight in layer.trainable_weights]
    assert names == [f"{part.path}/lora_kernel_{end}" for end in "ab"]
    weights = [np.array(weight) for weight in layer.weights]
    optimizer = keras.optimizers.SGD(0.1)
    for _ in range(2):  # the first finds the other factor at zero
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(**inputs, training=True) ** 3)
        trained = layer.trainable_weights
        gradients = tape.gradient(loss, [weight.value for weight in trained])
        optimizer.apply(gradients, trained)
    for weight, old in zip(layer.weights, weights, strict=True):
        changed = bool(np.any(weight.numpy() != old))
        assert changed == weight.name.startswith("lora"), weight.path


@EVERY
def test_a_regularizer_counts(name: str, tmp_path: Path) -> None:
    plain, inputs = made(name)
    for at, part in enumerate(leaves(plain, CONFIGURABLE)):
        regularizer = (
            "kernel_regularizer"
            if isinstance(part, keras.layers.Dense)
            else "embeddings_regularizer"
        )
        changes: dict[str, Any] = {part.name: {regularizer: "l2"}}
        for owner in reversed(owners(plain, part)):
            changes = {owner: {"sublayers": changes}}
        layer, _ = made(name, sublayers=changes)
        model = model_of(layer, inputs)
        weight = leaves(layer, CONFIGURABLE)[at].weights[0]
        expected = [0.01 * float(np.sum(np.square(weight)))]
        assert [float(loss) for loss in model.losses] == pytest.approx(expected)
    copy = check_kept(layer, inputs, tmp_path)
    assert [float(loss) for loss in copy.losses] == pytest.approx(expected)


def owners(layer: Any, part: Any) -> list[str]:
    """The names of the layers between a layer and one within it."""
    return [
        one.name
        for one in leaves(layer, keras.layers.Layer)
        if one is not part and part in leaves(one, keras.layers.Layer)
    ]


@EVERY
def test_an_activation_takes_effect(name: str, tmp_path: Path) -> None:
    layer, inputs = made(name)
    before = np.array(layer(**inputs))
    for part in leaves(layer, keras.layers.Dense):
        kept, part.activation = part.activation, keras.activations.tanh
        assert np.any(layer(**inputs) != before), part.path
        part.activation = kept
    for part in leaves(layer, keras.layers.Dense):
        part.activation = keras.activations.tanh
    copy = check_kept(layer, inputs, tmp_path)
    for part in leaves(copy, keras.layers.Dense):
        assert part.activation is keras.activations.tanh


def test_what_is_frozen_stays_so(tmp_path: Path) -> None:
    layer, inputs = made("SetTransformer")
    layer.blocks[1].inner.trainable = False
    copy = check_kept(layer, inputs, tmp_path)
    assert len(copy.trainable_weights) == len(layer.trainable_weights)
    assert not copy.blocks[1].inner.trainable


@EVERY
def test_names_that_no_sublayer_has(name: str) -> None:
    with pytest.raises(ValueError, match="`sublayers` should have keys among"):
        LAYERS[name][0](sublayers={"other": {"activation": "gelu"}})


def test_arguments_as_a_user_writes_them() -> None:
    layer, inputs = made(
        "FeatureTower",
        sublayers={"inner": {"activation": "gelu", "kernel_regularizer": "l2"}},
    )
    plain, _ = made("FeatureTower")
    plain.inner.activation = keras.activations.gelu
    np.testing.assert_array_equal(layer(**inputs), plain(**inputs))
    assert len(layer.losses) == 1
