from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_checks import check_layer

from fndrec.layers import SetTransformer

NUM_ITEMS = 7
OUTFITS = np.array([[0, 3, -1], [4, 1, 2], [5, -1, -1]], "int32")


def item_vectors() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(NUM_ITEMS, 8)).astype("float32")


def trained_like(num_blocks: int = 2) -> Any:
    """A layer none of whose weights is at its start, such as zero or one."""
    layer = SetTransformer(8, num_blocks, num_heads=2, seed=0)
    layer.build()
    rng = np.random.default_rng(1)
    layer.set_weights(
        [w + rng.normal(0, 0.3, w.shape) for w in layer.get_weights()]
    )
    return layer


LAYER = trained_like()


def test_life(tmp_path: Path) -> None:
    layer = check_layer(
        SetTransformer,
        {"dim": 8, "num_heads": 2, "seed": 0},
        {"items": item_vectors(), "outfits": OUTFITS},
        (3, 8),
        tmp_path,
    )
    # norm, projection, mix, inner_norm, inner, outer in each of two blocks;
    # the same in the pooling, but its seed has no bias, a value and the last.
    assert len(layer.weights) == 2 * 12 + 13 + 4


def test_life_with_leading_axes(tmp_path: Path) -> None:
    check_layer(
        SetTransformer,
        {"dim": 8, "num_heads": 2, "num_blocks": 1, "seed": 0},
        {"items": item_vectors(), "outfits": OUTFITS[:, None, None]},
        (3, 1, 1, 8),
        tmp_path,
    )


@pytest.mark.parametrize("num_blocks", [1, 2, 3])
def test_equals_a_plain_computation(num_blocks: int) -> None:
    layer = trained_like(num_blocks)
    found = layer(item_vectors(), OUTFITS).numpy()
    for vector, outfit in zip(found, OUTFITS, strict=True):
        # Only the items that are there, gathered before all else.
        x = item_vectors()[outfit[outfit >= 0]]
        np.testing.assert_allclose(
            vector, plain_set_transformer(layer, x)[0], atol=1e-4
        )


def test_equals_a_plain_computation_with_activations() -> None:
    layer = trained_like(1)
    parts = [
        part
        for part in layer._flatten_layers()
        if isinstance(part, keras.layers.Dense)
    ]
    assert len(parts) == 4 + 6
    for part in parts:
        part.activation = keras.activations.tanh
        found, weights = layer(
            item_vectors(), OUTFITS, return_attention_scores=True
        )
        for row, outfit in enumerate(OUTFITS):
            vector, expected = plain_set_transformer(
                layer, item_vectors()[outfit[outfit >= 0]]
            )
            np.testing.assert_allclose(found[row], vector, atol=1e-5)
            np.testing.assert_allclose(
                weights[row].numpy()[:, outfit >= 0], expected, atol=1e-6
            )


@pytest.mark.parametrize("num_blocks", [1, 2, 3])
def test_attention_equals_a_plain_computation(num_blocks: int) -> None:
    layer = trained_like(num_blocks)
    vectors, found = layer(
        item_vectors(), OUTFITS, return_attention_scores=True
    )
    np.testing.assert_array_equal(vectors, layer(item_vectors(), OUTFITS))
    assert found.dtype == "float32"
    assert found.shape == (3, 2, 3)
    for weights, outfit in zip(found.numpy(), OUTFITS, strict=True):
        present = outfit >= 0
        _, expected = plain_set_transformer(
            layer, item_vectors()[outfit[present]]
        )
        np.testing.assert_allclose(weights[:, present], expected, atol=1e-5)
        assert (weights[:, ~present] == 0).all()
    # Heads differ, and so do items: there is something to tell apart.
    assert np.ptp(found[1], axis=0).max() > 0.01
    assert np.ptp(found[1], axis=1).max() > 0.01


def plain_set_transformer(
    layer: Any, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Vector and pooling weights of one set `(items, dim)`, head by head."""
    for block in layer.blocks:
        query, key, value = np.split(
            dense(block.projection, norm(block.norm, x)), 3, axis=-1
        )
        heads = [
            softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v
            for q, k, v in zip(*map(by_head, (query, key, value)), strict=True)
        ]
        x = x + dense(block.mix, np.concatenate(heads, axis=-1))
        x = x + feed_forward(block, x)
    x = norm(layer.norm, x)
    weights = softmax(dense(layer.attention, x).T)
    values = by_head(dense(layer.value, x))
    heads = [w @ v for w, v in zip(weights, values, strict=True)]
    x = dense(layer.mix, np.concatenate(heads, axis=-1))
    x = x + feed_forward(layer, x)
    return dense(layer.last, norm(layer.last_norm, x)), weights


def by_head(x: np.ndarray) -> list[np.ndarray]:
    return np.split(x, 2, axis=-1)


def dense(layer: Any, x: np.ndarray) -> np.ndarray:
    y = x @ layer.kernel.numpy()
    if layer.use_bias:
        y = y + layer.bias.numpy()
    return np.asarray(layer.activation(y))


def norm(layer: Any, x: np.ndarray) -> np.ndarray:
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(
        x.var(-1, keepdims=True) + layer.epsilon
    )
    return scaled * layer.gamma.numpy() + layer.beta.numpy()


def feed_forward(layer: Any, x: np.ndarray) -> np.ndarray:
    return dense(layer.outer, dense(layer.inner, norm(layer.inner_norm, x)))


def softmax(x: np.ndarray) -> np.ndarray:
    exp = np.exp(x - x.max(-1, keepdims=True))
    return exp / exp.sum(-1, keepdims=True)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, NUM_ITEMS - 1), min_size=1, max_size=5),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_padding_and_order_change_nothing(
    outfit: list[int], padding: int, random: Any
) -> None:
    expected = LAYER(item_vectors(), np.array([outfit]))
    slots = outfit + [-1] * padding
    random.shuffle(slots)
    found = LAYER(item_vectors(), np.array([slots]))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.integers(0, NUM_ITEMS - 1), min_size=1, max_size=5, unique=True
    ),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_attention_moves_with_the_items(
    outfit: list[int], padding: int, random: Any
) -> None:
    def attention(slots: list[int]) -> np.ndarray:
        _, weights = LAYER(
            item_vectors(), np.array([slots]), return_attention_scores=True
        )
        return weights.numpy()[0]

    expected = attention(outfit)
    np.testing.assert_allclose(expected.sum(-1), 1, atol=1e-6)
    slots = outfit + [-1] * padding
    random.shuffle(slots)
    found = attention(slots)
    for place, item in enumerate(slots):
        if item < 0:
            assert (found[:, place] == 0).all()
        else:
            np.testing.assert_allclose(
                found[:, place], expected[:, outfit.index(item)], atol=1e-5
            )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_attention_in_half_precision(policy: str) -> None:
    layer = SetTransformer(8, 2, num_heads=2, dtype=policy)
    layer.build()
    layer.set_weights(LAYER.get_weights())
    vectors, found = layer(
        item_vectors(), OUTFITS, return_attention_scores=True
    )
    assert (vectors.dtype, found.dtype) == (layer.compute_dtype, "float32")
    np.testing.assert_allclose(np.sum(found, axis=-1), 1, atol=1e-6)
    _, expected = LAYER(item_vectors(), OUTFITS, return_attention_scores=True)
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_attention_of_any_shape() -> None:
    _, expected = LAYER(item_vectors(), OUTFITS, return_attention_scores=True)
    _, found = LAYER(
        item_vectors(), OUTFITS[:, None, None], return_attention_scores=True
    )
    assert found.shape == (3, 1, 1, 2, 3)
    np.testing.assert_array_equal(np.reshape(found, (3, 2, 3)), expected)
    symbolic = LAYER(
        keras.KerasTensor((NUM_ITEMS, 8)),
        keras.KerasTensor((4, 5, 3), "int32"),
        return_attention_scores=True,
    )
    assert [(x.shape, x.dtype) for x in symbolic] == [
        ((4, 5, 8), "float32"),
        ((4, 5, 2, 3), "float32"),
    ]


def test_batch_composition_changes_nothing() -> None:
    together = LAYER(item_vectors(), OUTFITS).numpy()
    for row, outfit in enumerate(OUTFITS):
        alone = LAYER(item_vectors(), outfit[None])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)


def test_other_items_and_their_positions_change_nothing() -> None:
    expected = LAYER(item_vectors(), OUTFITS)
    order = np.random.default_rng(2).permutation(NUM_ITEMS)
    place = np.argsort(order)
    moved = np.where(OUTFITS >= 0, place[OUTFITS], -1)
    found = LAYER(item_vectors()[order], moved)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # Item 0 stands behind padding: it must not shine through.
    other = item_vectors()
    other[0] = 1000
    np.testing.assert_allclose(
        LAYER(other, OUTFITS)[1:], expected[1:], atol=1e-5
    )


@pytest.mark.parametrize("leading", [(), (3,), (3, 1), (1, 3, 1, 1)])
def test_leading_axes(leading: tuple[int, ...]) -> None:
    outfits = OUTFITS[0] if leading == () else OUTFITS.reshape(*leading, 3)
    found = LAYER(item_vectors(), outfits)
    assert tuple(found.shape) == (*leading, 8)
    expected = LAYER(item_vectors(), OUTFITS).numpy()
    if leading == ():
        expected = expected[:1]
    np.testing.assert_allclose(np.reshape(found, (-1, 8)), expected, atol=1e-5)


def test_unknown_shapes_in_a_graph() -> None:
    call = tf.function(
        LAYER,
        input_signature=[
            tf.TensorSpec((None, 8)),
            tf.TensorSpec((None, None, None), tf.int32),
        ],
    )
    found = call(item_vectors(), OUTFITS[:, None])
    assert found.shape == (3, 1, 8)
    np.testing.assert_allclose(
        found[:, 0], LAYER(item_vectors(), OUTFITS), atol=1e-5
    )


def test_no_outfit() -> None:
    found = LAYER(item_vectors(), OUTFITS[:0])
    assert tuple(found.shape) == (0, 8)


def test_an_outfit_without_items_spoils_no_other() -> None:
    outfits = np.array([[-1, -1, -1], *OUTFITS])
    found = LAYER(item_vectors(), outfits).numpy()
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(
        found[1:], LAYER(item_vectors(), OUTFITS), atol=1e-5
    )


def test_gradient_reaches_every_weight_and_item() -> None:
    items = tf.constant(item_vectors())
    with tf.GradientTape() as tape:
        tape.watch(items)
        outfits = LAYER(items, OUTFITS, training=True)
        # A plain sum would be blind to some directions.
        loss = tf.reduce_sum(outfits * tf.range(24.0)[:, None][:3])
        loss += tf.reduce_sum(outfits**2)
    weights = LAYER.trainable_weights
    assert len(weights) == len(LAYER.weights)
    gradients = tape.gradient(loss, [items, *(w.value for w in weights)])
    for name, gradient in zip(
        ["items", *(w.path for w in weights)], gradients, strict=True
    ):
        assert np.any(tf.convert_to_tensor(gradient) != 0), name
    reached = np.any(tf.convert_to_tensor(gradients[0]) != 0, axis=-1)
    np.testing.assert_array_equal(
        np.flatnonzero(reached), np.unique(OUTFITS[OUTFITS >= 0])
    )


def test_dropout_in_training_only() -> None:
    layer = SetTransformer(8, num_heads=2, dropout=0.5, seed=0)
    inputs = item_vectors(), OUTFITS
    np.testing.assert_array_equal(layer(*inputs), layer(*inputs))
    assert np.any(layer(*inputs, training=True) != layer(*inputs))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"dim": 0}, "`dim` should be a positive integer"),
        ({"num_blocks": 0}, "`num_blocks` should be a positive integer"),
        ({"num_heads": "2"}, "`num_heads` should be a positive integer"),
        ({"num_heads": 3}, "`num_heads` should divide `dim`"),
        ({"dropout": 2}, "`dropout` should be a float"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        SetTransformer(**{"dim": 8, "num_heads": 2, **kwargs})
