from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from layer_checks import check_layer

from fndrec.layers import IdEmbedding


def test_life(tmp_path: Path) -> None:
    layer = check_layer(
        IdEmbedding,
        {"num_ids": 5, "dim": 8},
        {"ids": np.array([0, 5, 2], "int32")},
        (3, 8),
        tmp_path,
    )
    assert layer.embedding.embeddings.shape == (6, 8)


def test_any_shape_and_integer_type() -> None:
    layer = IdEmbedding(num_ids=5, dim=4)
    ids = np.array([[1, 2, 0], [5, 5, 3]])
    for dtype in ("int32", "int64", "uint8"):
        found = layer(ids.astype(dtype), training=True)
        assert tuple(found.shape) == (2, 3, 4)
    table = layer.embedding.embeddings.numpy()
    expected = table[0] + np.where(ids[..., None] > 0, table[ids], 0)
    np.testing.assert_allclose(layer(ids), expected, rtol=1e-6)


def test_hides_ids_in_training_only() -> None:
    layer = IdEmbedding(num_ids=50, dim=2, unknown_rate=0.3, seed=0)
    ids = np.arange(1, 51).repeat(40)
    unknown = layer(np.array([0])).numpy()[0]
    for call in (layer(ids), layer(ids, training=False)):
        assert not np.any(np.all(call == unknown, axis=-1))
    trained = layer(ids, training=True).numpy()
    hidden = np.all(trained == unknown, axis=-1)
    assert 0.25 < hidden.mean() < 0.35
    np.testing.assert_array_equal(trained[~hidden], layer(ids)[~hidden])
    again = np.all(layer(ids, training=True) == unknown, axis=-1)
    assert not np.array_equal(again, hidden)


def test_hides_each_id_in_a_graph_anew() -> None:
    layer = IdEmbedding(num_ids=500, dim=2, unknown_rate=0.5, seed=0)
    call = tf.function(lambda ids: layer(ids, training=True))
    ids = tf.range(1, 501)
    assert np.any(call(ids).numpy() != call(ids).numpy())


def test_row_0_learns_from_all_and_own_rows_from_their_own() -> None:
    layer = IdEmbedding(4, 2, unknown_rate=0.5, seed=1)
    ids = np.array([1, 1, 3, 0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(ids))
    table = layer.embedding.embeddings.value
    gradient = tf.convert_to_tensor(tape.gradient(loss, table)).numpy()
    np.testing.assert_array_equal(gradient[:, 0], [4, 2, 0, 1, 0])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_ids": 0}, "`num_ids` should be a positive integer"),
        ({"dim": 2.0}, "`dim` should be a positive integer"),
        ({"dim": True}, "`dim` should be a positive integer"),
        (
            {"unknown_rate": 1.0},
            r"`unknown_rate` should be a float in \[0, 1\). "
            r"Received: unknown_rate=1.0",
        ),
        ({"unknown_rate": -0.1}, "`unknown_rate` should be a float"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        IdEmbedding(**{"num_ids": 3, "dim": 2, **kwargs})
