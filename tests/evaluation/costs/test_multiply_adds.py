"""Counts by hand, and of networks whose counts are published."""

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf
from tiny_models import tiny_teacher

from fndrec.data import OutfitData
from fndrec.evaluation import multiply_adds
from fndrec.evaluation.costs.work import item_work, outfit_work
from fndrec.layers import ImageTower


def test_alexnet_tower_by_hand(tiny_photo_data: OutfitData) -> None:
    model = tiny_teacher(tiny_photo_data)
    expected = (
        8 * 8 * 8 * 7 * 7 * 3  # 16 pixels, stride 2, 8 filters
        + 4 * 4 * 10 * 5 * 5 * 8  # after a pooling
        + 2 * 2 * 19 * 3 * 3 * 10  # after another
        + 2 * 2 * 13 * 3 * 3 * 19
        + 2 * 2 * 13 * 3 * 3 * 13
        + 13 * 8  # to the item vector
        + 6 * 16  # the features
        + 16 * 8
    )  # and nothing for the category
    one = item_work(model, tiny_photo_data, 1)
    assert multiply_adds(one.function, *one.inputs) == expected
    many = item_work(model, tiny_photo_data, 50)
    assert multiply_adds(many.function, *many.inputs) == 50 * expected


def test_set_transformer_by_hand(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data, num_blocks=2)
    block = (
        4 * 8 * 24  # queries, keys and values
        + 4 * 4 * 8  # their products, both heads together
        + 4 * 4 * 8  # the weighted values
        + 4 * 8 * 8  # the mix of the heads
        + 2 * 4 * 8 * 16  # into the inner layer and out
    )
    pooling = (
        4 * 8 * 2  # products with the seed
        + 4 * 8 * 8  # values
        + 4 * 8  # weighted
        + 8 * 8  # the mix of the heads
        + 2 * 8 * 16  # into the inner layer and out
        + 8 * 8  # the last layer
    )
    expected = 2 * block + pooling + 8  # and the cosine
    one = outfit_work(model, 1)
    assert multiply_adds(one.function, *one.inputs) == expected
    many = outfit_work(model, 30)
    assert multiply_adds(many.function, *many.inputs) == 30 * expected


CASES: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]], int]] = {
    "matrices": (tf.matmul, [(3, 4), (4, 5)], 3 * 4 * 5),
    "transposed matrices": (
        lambda a, b: tf.matmul(a, b, transpose_a=True, transpose_b=True),
        [(4, 3), (5, 4)],
        3 * 4 * 5,
    ),
    "batches": (tf.matmul, [(2, 1, 3, 4), (7, 4, 5)], 2 * 7 * 3 * 4 * 5),
    "transposed batches": (
        lambda a, b: tf.matmul(a, b, transpose_a=True, transpose_b=True),
        [(7, 4, 3), (7, 5, 4)],
        7 * 3 * 4 * 5,
    ),
    "einsum": (
        lambda a, b: tf.raw_ops.Einsum(
            inputs=[a, b], equation="...qhd,...khd->...hqk"
        ),
        [(6, 3, 2, 4), (6, 5, 2, 4)],
        6 * 3 * 5 * 2 * 4,
    ),
    "einsum with labels on both sides": (
        lambda a, b: tf.raw_ops.Einsum(inputs=[a, b], equation="i...j,j->i..."),
        [(2, 5, 7, 3), (3,)],
        2 * 5 * 7 * 3,
    ),
    "einsum of one": (
        lambda a: tf.raw_ops.Einsum(inputs=[a], equation="ij->ji"),
        [(3, 4)],
        0,
    ),
    "strides and no padding": (
        lambda x, f: tf.nn.conv2d(x, f, 2, "VALID"),
        [(2, 9, 9, 3), (5, 5, 3, 7)],
        2 * 3 * 3 * 7 * 5 * 5 * 3,
    ),
    "depthwise": (
        lambda x, f: tf.nn.depthwise_conv2d(x, f, (1, 1, 1, 1), "SAME"),
        [(1, 4, 4, 6), (3, 3, 6, 2)],
        4 * 4 * 12 * 3 * 3,
    ),
    "weighted sum": (
        lambda a, b: tf.reduce_sum(a * b, axis=1),
        [(3, 4, 1), (1, 4, 5)],
        3 * 4 * 5,
    ),
    "products summed by zeros and ones": (
        lambda a, b: tf.matmul(
            tf.reshape(a * b, (6, 4)), [[1.0, 0], [1, 0], [0, 1], [0, 1]]
        ),
        [(3, 2, 4), (3, 1, 4)],
        3 * 2 * 4,
    ),
    "numbers copied by zeros and ones": (
        lambda a: tf.matmul(a, [[1.0, 1, 0, 0], [0, 0, 1, 1]]),
        [(3, 2)],
        0,
    ),
    "products that are not summed": (
        lambda a, b: tf.nn.relu(a * b),
        [(3, 4), (3, 4)],
        0,
    ),
    "a function in the function": (
        tf.function(lambda a, b: tf.matmul(a, b)),
        [(3, 4), (4, 5)],
        3 * 4 * 5,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_operations_by_hand(case: str) -> None:
    function, shapes, expected = CASES[case]
    inputs = [tf.TensorSpec(shape) for shape in shapes]
    assert multiply_adds(lambda *given: function(*given), *inputs) == expected
    assert not tf.config.functions_run_eagerly()


def test_groups_by_hand() -> None:
    """Keras compiles these apart, so that they are a function of their own."""
    layer = keras.layers.Conv2D(8, 3, groups=4, padding="same")
    layer.build((None, 5, 5, 12))
    image = tf.TensorSpec((1, 5, 5, 12))
    assert multiply_adds(layer, image) == 5 * 5 * 8 * 3 * 3 * 3


def test_a_published_network() -> None:
    """56 million multiply-adds, of which its authors' top makes one."""
    tower = ImageTower(8, 224, backbone="MobileNetV3Small")
    image = tf.TensorSpec((1, 224, 224, 3))
    assert multiply_adds(tower.network, image) == pytest.approx(55e6, rel=0.01)


def test_what_cannot_be_counted() -> None:
    with pytest.raises(ValueError, match=r"Received: Conv3D \("):
        multiply_adds(
            lambda x, f: tf.nn.conv3d(x, f, [1] * 5, "SAME"),
            tf.TensorSpec((1, 4, 4, 4, 2)),
            tf.TensorSpec((3, 3, 3, 2, 2)),
        )
    with pytest.raises(ValueError, match=r"static shapes. .* \(None, 5\)"):
        multiply_adds(
            tf.matmul, tf.TensorSpec((None, 4)), tf.TensorSpec((4, 5))
        )
    assert not tf.config.functions_run_eagerly()
