from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from fndrec.layers import _attention
from fndrec.layers._attention import attention, by_item, by_set


def inputs(size: int, dim: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    query, key, value = rng.normal(size=(3, 7, size, dim))
    return (
        tf.constant(query, tf.float32),
        tf.constant(key, tf.float32),
        tf.constant(value, tf.float32),
    )


def bias(size: int) -> Any:
    present = np.arange(size) < np.array([[1], [2], [3], [4], [1], [2], [3]])
    return tf.where(present, 0.0, _attention.ABSENT)


@pytest.mark.parametrize(("size", "dim", "heads"), [(3, 16, 4), (4, 6, 3)])
@pytest.mark.parametrize("masked", [False, True])
def test_both_ways_are_equal(
    size: int, dim: int, heads: int, masked: bool
) -> None:
    given = inputs(size, dim)
    found = []
    for way in (by_item, by_set):
        with tf.GradientTape() as tape:
            tape.watch(given)
            mixed = way(*given, bias(size) if masked else None, heads)
            loss = tf.reduce_sum(mixed**2)
        found.append([mixed, *tape.gradient(loss, given)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_large_logits_stay_finite() -> None:
    query, key, value = inputs(3, 8)
    mixed = by_item(1e3 * query, 1e3 * key, value, None, 2)
    np.testing.assert_allclose(
        mixed, by_set(1e3 * query, 1e3 * key, value, None, 2), atol=1e-4
    )


@pytest.mark.parametrize(
    ("size", "dim", "way"),
    [
        (3, 64, "by_item"),
        (4, 48, "by_item"),
        (4, 64, "by_set"),
        (5, 8, "by_set"),
    ],
)
def test_way_follows_the_size(
    size: int, dim: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_attention, way, lambda *given: way)
    assert attention(*inputs(size, dim), None, 4) == way
