from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from layer_checks import check_layer

from fndrec.layers import UserAnchors
from fndrec.layers.user_anchors import log_volume


def test_life(tmp_path: Path) -> None:
    check_layer(
        UserAnchors,
        {"num_ids": 5, "dim": 8, "num_anchors": 3},
        {"ids": np.array([0, 5, 2], "int32")},
        (3, 3, 8),
        tmp_path,
        float32_output=True,
    )


def test_unit_vectors() -> None:
    layer = UserAnchors(num_ids=5, dim=8, num_anchors=3)
    found = layer(np.arange(6)).numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, rtol=1e-5)
    table = layer.table.embedding.embeddings.numpy()
    own = (table[0] + table[4]).reshape(3, 8)
    np.testing.assert_allclose(
        found[4], own / np.linalg.norm(own, axis=-1, keepdims=True), rtol=1e-4
    )


def test_log_volume_by_hand() -> None:
    right = np.eye(2, 4)[None]
    same = np.stack([right[0, 0], right[0, 0]])[None]
    halfway = np.array([[[1.0, 0.0], [0.6, 0.8]]])
    for anchors, determinant in (
        (right, 1.1**2),
        (same, 1.1**2 - 1),
        (halfway, 1.1**2 - 0.36),
    ):
        found = log_volume(keras.ops.convert_to_tensor(anchors, "float32"))
        np.testing.assert_allclose(found, [np.log(determinant)], rtol=1e-4)


def test_the_spread_is_a_loss_of_training() -> None:
    layer = UserAnchors(5, 8, num_anchors=2, spread=0.5, unknown_rate=0.0)
    ids = np.array([1, 2, 3])
    anchors = layer(ids)
    assert layer.losses == []
    layer(ids, training=True)
    (loss,) = layer.losses
    np.testing.assert_allclose(
        loss, -0.5 * np.mean(log_volume(anchors)), rtol=1e-5
    )
    still = UserAnchors(5, 8, num_anchors=2, spread=0.0)
    still(ids, training=True)
    assert still.losses == []


def test_anchors_spread() -> None:
    """From the same start, by the regulariser alone."""
    layer = UserAnchors(1, 8, num_anchors=2, spread=1.0, unknown_rate=0.0)
    layer.build()
    rng = np.random.default_rng(0)
    start = np.tile(rng.normal(size=8), (2, 2))
    start += 0.01 * rng.normal(size=start.shape)
    layer.table.embedding.embeddings.assign(start)
    optimizer = keras.optimizers.Adam(0.1)
    for _ in range(100):
        with tf.GradientTape() as tape:
            layer(np.array([1]), training=True)
            loss = layer.losses[0]
        weights = layer.trainable_weights
        gradients = tape.gradient(loss, [w.value for w in weights])
        optimizer.apply(gradients, weights)
    first, second = layer(np.array([1])).numpy()[0]
    assert abs(first @ second) < 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"num_ids": 0}, "`num_ids` should be a positive integer"),
        ({"num_anchors": 0}, "`num_anchors` should be a positive integer"),
        ({"spread": -1.0}, "`spread` should be a non-negative float"),
        ({"spread": float("nan")}, "`spread` should be a non-negative float"),
        ({"unknown_rate": 1}, "`unknown_rate` should be a float in"),
    ],
)
def test_bad_arguments(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UserAnchors(**({"num_ids": 2, "dim": 4} | wrong))
