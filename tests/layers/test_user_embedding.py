from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from layer_checks import check_layer

from fndrec.layers import UserEmbedding


def test_life(tmp_path: Path) -> None:
    check_layer(
        UserEmbedding,
        {"num_ids": 5, "dim": 8},
        {"ids": np.array([0, 5, 2], "int32")},
        (3, 8),
        tmp_path,
        float32_output=True,
    )


def test_unit_vectors() -> None:
    layer = UserEmbedding(num_ids=5, dim=8)
    found = layer(np.arange(6)).numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, rtol=1e-6)
    table = layer.embedding.embeddings.numpy()
    table[1:] += table[0]
    np.testing.assert_allclose(
        found, table / np.linalg.norm(table, axis=-1, keepdims=True), rtol=1e-5
    )


def test_a_row_of_zeros_is_no_nan() -> None:
    layer = UserEmbedding(num_ids=1, dim=4)
    layer.build()
    layer.embedding.embeddings.assign(np.zeros((2, 4)))
    with tf.GradientTape() as tape:
        found = layer(np.array([1]))
    assert np.all(found.numpy() == 0)
    gradient = tape.gradient(found, layer.embedding.embeddings.value)
    assert np.all(np.isfinite(tf.convert_to_tensor(gradient)))


def test_cold_start_vector_is_trained() -> None:
    layer = UserEmbedding(num_ids=4, dim=8, unknown_rate=0.5, seed=0)
    layer.build()
    target = np.eye(8, dtype="float32")[0]
    optimizer = keras.optimizers.Adam(0.1)
    for _ in range(30):
        with tf.GradientTape() as tape:
            users = layer(np.array([1, 2, 3, 4]), training=True)
            loss = -tf.reduce_mean(users @ target[:, None])
        weights = layer.trainable_weights
        gradients = tape.gradient(loss, [w.value for w in weights])
        optimizer.apply(gradients, weights)
    assert layer(np.array([0])).numpy()[0] @ target > 0.9
