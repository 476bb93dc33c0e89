from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from layer_checks import check_layer
from plain_layers import plain

from fndrec.layers import SetAttentionBlock

PRESENT = np.array([[True, True, False], [True, False, False]])


def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 3, 8)).astype("float32")


def test_life(tmp_path: Path) -> None:
    check_layer(
        SetAttentionBlock,
        {"dim": 8, "num_heads": 2},
        {"x": vectors(), "present": PRESENT},
        (2, 3, 8),
        tmp_path,
    )


def test_absent_items_are_not_looked_at() -> None:
    block = SetAttentionBlock(8, 2, seed=0)
    x = vectors()
    found = block(x, present=PRESENT).numpy()[PRESENT]
    other = np.where(PRESENT[..., None], x, 1000.0).astype("float32")
    np.testing.assert_allclose(
        block(other, present=PRESENT).numpy()[PRESENT], found, atol=1e-5
    )
    np.testing.assert_allclose(
        block(x[:1, :2])[0], block(x, present=PRESENT)[0, :2], atol=1e-5
    )


def test_without_a_mask_all_are_present() -> None:
    block = SetAttentionBlock(8, 2, seed=0)
    everyone = np.ones((2, 3), bool)
    np.testing.assert_array_equal(
        block(vectors()), block(vectors(), present=everyone)
    )


def test_order_of_the_items_is_kept() -> None:
    block = SetAttentionBlock(8, 2, seed=0)
    order = [2, 0, 1]
    np.testing.assert_allclose(
        block(vectors()[:, order]),
        block(vectors()).numpy()[:, order],
        atol=1e-5,
    )


def test_given_projections_are_used() -> None:
    block = SetAttentionBlock(8, 2, seed=0)
    block.build()
    x = vectors()
    x -= x.mean(axis=-1, keepdims=True)
    found = block(x, present=PRESENT, projected=block.project(x))
    np.testing.assert_allclose(found, block(x, present=PRESENT), atol=1e-6)
    zeros = tuple(ops.zeros_like(part) for part in block.project(x))
    assert np.any(block(x, projected=zeros) != block(x))


@pytest.mark.parametrize("items", [3, 9], ids=["few", "many"])
def test_equal_to_the_layers_of_keras(items: int) -> None:
    """Lee et al. 2019, equations 6 to 8, by `MultiHeadAttention`."""
    block = SetAttentionBlock(8, 2, seed=0)
    block.build()
    rng = np.random.default_rng(1)
    for weight in block.weights:
        weight.assign(rng.normal(size=weight.shape))
    attention = keras.layers.MultiHeadAttention(2, 4)
    attention.build((None, items, 8), (None, items, 8))
    kernel, bias = (w.numpy() for w in block.projection.weights)
    parts = [
        array.reshape(shape)
        for k, b in zip(np.split(kernel, 3, 1), np.split(bias, 3), strict=True)
        for array, shape in ((k, (8, 2, 4)), (b, (2, 4)))
    ]
    mix, mix_bias = (w.numpy() for w in block.mix.weights)
    attention.set_weights([*parts, mix.reshape(2, 4, 8), mix_bias])

    given = rng.normal(size=(2, items, 8)).astype("float32")
    present = np.arange(items) < np.array([[2], [items]])
    normed = plain(block.norm)(given)
    x = given + attention(normed, normed, attention_mask=present[:, None])
    inner = plain(block.inner)(plain(block.inner_norm)(x))
    x = x + plain(block.outer)(inner)
    x = x - ops.mean(x, axis=-1, keepdims=True)
    found = block(given, present=present)
    np.testing.assert_allclose(
        found.numpy()[present], x.numpy()[present], atol=1e-4, rtol=1e-5
    )


def test_any_number_of_items_is_the_same_in_a_graph() -> None:
    """Few items are looked at pair by pair, if their number is known."""
    block = SetAttentionBlock(8, 2, seed=0)
    graph = tf.function(
        lambda x, present: block(x, present=present),
        input_signature=[
            tf.TensorSpec((None, None, 8)),
            tf.TensorSpec((None, None), tf.bool),
        ],
    )
    np.testing.assert_allclose(
        graph(vectors(), PRESENT).numpy()[PRESENT],
        block(vectors(), present=PRESENT).numpy()[PRESENT],
        atol=1e-5,
    )


def test_dropout_in_training_only() -> None:
    block = SetAttentionBlock(8, 2, dropout=0.5, seed=0)
    x = vectors()
    np.testing.assert_array_equal(block(x), block(x, training=False))
    assert np.any(block(x, training=True) != block(x))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"dim": 0}, "`dim` should be a positive integer"),
        ({"num_heads": 0}, "`num_heads` should be a positive integer"),
        (
            {"num_heads": 3},
            "`num_heads` should divide `dim`. Received: num_heads=3, dim=8",
        ),
        ({"dropout": -0.1}, "`dropout` should be a float"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SetAttentionBlock(**{"dim": 8, "num_heads": 2, **kwargs})
