from pathlib import Path

import numpy as np
import tensorflow as tf
from layer_checks import check_layer

from fndrec.layers import UserCodes
from fndrec.layers._straight_through import sign


def test_life(tmp_path: Path) -> None:
    check_layer(
        UserCodes,
        {"num_ids": 5, "dim": 8},
        {"ids": np.array([0, 5, 2], "int32")},
        (3, 8),
        tmp_path,
        float32_output=True,
    )


def test_codes_are_unit_vectors_of_signs() -> None:
    layer = UserCodes(num_ids=5, dim=16, seed=0)
    found = layer(np.arange(6)).numpy()
    np.testing.assert_allclose(np.abs(found), 0.25)
    table = layer.embedding.embeddings.numpy()
    np.testing.assert_array_equal(found[3] > 0, table[0] + table[3] >= 0)


def test_gradients_pass_the_sign_as_tanh() -> None:
    x = tf.constant([-2.0, 0.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = sign(x)
    np.testing.assert_array_equal(y, [-1, 1, 1])
    np.testing.assert_allclose(
        tape.gradient(y, x), 1 - np.tanh(x) ** 2, rtol=1e-5
    )
