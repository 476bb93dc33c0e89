from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from layer_checks import check_layer

from fndrec.layers import UserHistoryEncoder

OUTFITS = np.random.default_rng(0).normal(size=(5, 8)).astype("float32")
OUTFITS /= np.linalg.norm(OUTFITS, axis=-1, keepdims=True)
HISTORY = np.array([[0, 3, 4], [1, -1, -1], [-1, -1, -1]], "int32")


def with_weights(layer: UserHistoryEncoder) -> UserHistoryEncoder:
    """As after some training: no weight is zero."""
    layer.build()
    rng = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize("shrunk", [{}, {"center": False, "shrinkage": 9.0}])
def test_life(tmp_path: Path, shrunk: dict[str, Any]) -> None:
    check_layer(
        UserHistoryEncoder,
        {"dim": 8, "num_heads": 2, **shrunk},
        {"outfits": OUTFITS, "history": HISTORY},
        (3, 8),
        tmp_path,
        float32_output=True,
    )


def test_at_first_it_is_the_mean_of_likes_and_cold_start() -> None:
    layer = UserHistoryEncoder(8, num_heads=2)
    layer.build()
    layer.attention.kernel.assign(np.zeros((8, 2)))
    cold = layer.cold.numpy() / np.linalg.norm(layer.cold.numpy())
    found = layer(OUTFITS, HISTORY).numpy()
    expected = np.stack(
        [cold + OUTFITS[[0, 3, 4]].sum(axis=0), cold + OUTFITS[1], cold]
    )
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # The prior of a head is the logarithm of likes.
    layer.prior.assign(np.log([3.0, 5.0]))
    found = layer(OUTFITS, HISTORY).numpy()[1]
    mean = np.concatenate(
        [
            (3 * cold + OUTFITS[1])[:4] / 4,
            (5 * cold + OUTFITS[1])[4:] / 6,
        ]
    )
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)


def test_attention_by_hand() -> None:
    layer = UserHistoryEncoder(8, num_heads=2, center=False, shrinkage=2.0)
    layer.build()
    rng = np.random.default_rng(2)
    layer.attention.kernel.assign(rng.normal(size=(8, 2)))
    layer.value.kernel.assign(rng.normal(size=(8, 8)))
    layer.outer.bias.assign(rng.normal(size=8))
    cold = layer.cold.numpy() / np.linalg.norm(layer.cold.numpy())
    rows = np.stack([cold, *OUTFITS[[0, 3, 4]]])
    weights = np.exp(rows @ layer.attention.kernel.numpy())
    weights /= weights.sum(axis=0)
    values = rows @ layer.value.kernel.numpy()
    pooled = np.concatenate(
        [weights[:, 0] @ values[:, :4], weights[:, 1] @ values[:, 4:]]
    )
    # The network adds its bias alone, as its kernel is zero at first.
    learned = pooled + layer.outer.bias.numpy()
    # 3 likes of 3 + 2.
    expected = 0.4 * rows.mean(axis=0) + 0.6 * learned
    np.testing.assert_allclose(
        layer(OUTFITS, HISTORY).numpy()[0],
        expected / np.linalg.norm(expected),
        atol=1e-5,
    )
    # Without likes there is nothing but the cold-start vector.
    np.testing.assert_allclose(
        layer(OUTFITS, HISTORY).numpy()[2], cold, atol=1e-6
    )
    layer.shrinkage = 0.0
    np.testing.assert_allclose(
        layer(OUTFITS, HISTORY).numpy()[0],
        learned / np.linalg.norm(learned),
        atol=1e-5,
    )


def test_order_and_padding_change_nothing() -> None:
    layer = with_weights(UserHistoryEncoder(8, num_heads=2))
    found = layer(OUTFITS, HISTORY).numpy()
    other = np.array(
        [[-1, 4, -1, 0, 3], [-1, -1, 1, -1, -1], [-1] * 5], "int32"
    )
    np.testing.assert_allclose(layer(OUTFITS, other), found, atol=1e-6)
    # Nor does what no one of the batch liked.
    moved = np.concatenate([OUTFITS, 9 + np.zeros((2, 8), "float32")])
    np.testing.assert_allclose(layer(moved, other), found, atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 0.1
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, rtol=1e-6)


def test_what_outfits_have_in_common_goes() -> None:
    layer = UserHistoryEncoder(8, num_heads=2, dropout=0, unknown_rate=0)
    layer.build()
    layer.attention.kernel.assign(np.zeros((8, 2)))
    layer.prior.assign([-30.0, -30.0])
    alike = 0.05 * OUTFITS + 5.0
    alike /= np.linalg.norm(alike, axis=-1, keepdims=True)
    one_each = np.arange(5)[:, None]
    before = layer(alike, one_each).numpy()
    assert (before @ before.T).min() > 0.99
    for _ in range(100):
        found = layer(alike, one_each, training=True).numpy()
    assert (found @ found.T).min() < 0.0
    np.testing.assert_allclose(
        layer.running_mean, alike.mean(axis=0), atol=1e-4
    )
    np.testing.assert_allclose(layer(alike, one_each), found, atol=0.01)
    # A batch without histories changes nothing.
    layer(np.zeros((0, 8), "float32"), one_each * 0 - 1, training=True)
    np.testing.assert_allclose(
        layer.running_mean, alike.mean(axis=0), atol=1e-4
    )


def test_nothing_is_shrunk_in_training() -> None:
    layer = with_weights(
        UserHistoryEncoder(
            8,
            num_heads=2,
            dropout=0,
            unknown_rate=0,
            center=False,
            shrinkage=9,
        )
    )
    bare = UserHistoryEncoder(8, num_heads=2, center=False)
    bare.build()
    bare.set_weights(layer.get_weights())
    found = layer(OUTFITS, HISTORY, training=True).numpy()
    np.testing.assert_allclose(found, bare(OUTFITS, HISTORY), atol=1e-6)
    shrunk = layer(OUTFITS, HISTORY).numpy()
    assert np.abs(found - shrunk).max(axis=1).min() > 0.05


def test_no_outfit_at_all() -> None:
    layer = with_weights(UserHistoryEncoder(8, num_heads=2))
    none = np.full((2, 3), -1, "int32")
    expected = layer(OUTFITS, HISTORY).numpy()[2]
    found = layer(np.zeros((0, 8), "float32"), none).numpy()
    np.testing.assert_allclose(found, [expected, expected], atol=1e-6)


def test_histories_are_hidden_in_training() -> None:
    layer = with_weights(
        UserHistoryEncoder(8, num_heads=2, dropout=0, unknown_rate=0.5, seed=0)
    )
    # As it is outside of training.
    layer.running_mean.assign(OUTFITS.mean(axis=0))
    history = np.tile(np.array([[0, 3]], "int32"), (200, 1))
    shown, hidden = layer(OUTFITS, np.array([[0, 3], [-1, -1]])).numpy()
    found = layer(OUTFITS, history, training=True).numpy()
    layer.running_mean.assign(OUTFITS.mean(axis=0))
    is_hidden = np.abs(found - hidden).max(axis=1) < 1e-5
    is_shown = np.abs(found - shown).max(axis=1) < 1e-5
    assert np.all(is_hidden ^ is_shown)
    assert 70 < is_hidden.sum() < 130
    assert np.abs(layer(OUTFITS, history).numpy() - shown).max() < 1e-5


def test_liked_outfits_are_trained() -> None:
    layer = UserHistoryEncoder(8, num_heads=2)
    layer.build()
    outfits = tf.constant(OUTFITS)
    with tf.GradientTape() as tape:
        tape.watch(outfits)
        users = layer(outfits, HISTORY[:2])
        loss = tf.reduce_sum(users[:, 0])
    gradient = tape.gradient(loss, outfits).numpy()
    assert (np.abs(gradient).max(axis=1) > 0).tolist() == [
        *(True, True, False, True, True)
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dim": 0}, "`dim` should be a positive integer. Received: dim=0"),
        ({"num_heads": 3}, "`num_heads` should divide `dim`"),
        ({"dropout": 1.0}, "`dropout` should be a float in"),
        ({"unknown_rate": -0.1}, "`unknown_rate` should be a float in"),
        ({"shrinkage": -1.0}, "`shrinkage` should be a non-negative float"),
    ],
)
def test_bad_arguments(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UserHistoryEncoder(**({"dim": 8} | wrong))


@pytest.mark.parametrize("rate", [0.1, 0.8])
def test_histories_are_hidden_at_the_rate(rate: float) -> None:
    layer = with_weights(
        UserHistoryEncoder(
            8,
            num_heads=2,
            dropout=0,
            unknown_rate=rate,
            center=False,
            seed=0,
        )
    )
    hidden = layer(OUTFITS, np.full((1, 2), -1, "int32")).numpy()
    history = np.tile(np.array([[0, 3]], "int32"), (2000, 1))
    users = layer(OUTFITS, history, training=True).numpy()
    share = np.mean(np.abs(users - hidden).max(axis=1) < 1e-5)
    # Three deviations of 2000 draws, at most.
    assert share == pytest.approx(rate, abs=0.03)


def test_training_centers_by_its_batch_and_moves_the_running_mean() -> None:
    layer = with_weights(
        UserHistoryEncoder(8, num_heads=2, dropout=0, unknown_rate=0)
    )
    old = OUTFITS[0].copy()
    layer.running_mean.assign(old)
    mean = OUTFITS.mean(axis=0)
    trained = layer(OUTFITS, HISTORY, training=True).numpy()
    # A tenth of the way to the mean of the batch.
    moved = 0.9 * old + 0.1 * mean
    np.testing.assert_allclose(layer.running_mean, moved, atol=1e-6)

    def centered_by(center: np.ndarray) -> np.ndarray:
        layer.running_mean.assign(center)
        return layer(OUTFITS, HISTORY).numpy()

    # In training it is the batch's own mean that is taken away.
    np.testing.assert_allclose(trained, centered_by(mean), atol=1e-5)
    assert np.abs(trained - centered_by(moved)).max() > 0.01
