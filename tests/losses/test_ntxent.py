from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fndrec.losses import NTXent


def plain_ntxent(
    first: np.ndarray, second: np.ndarray, temperature: float
) -> np.ndarray:
    """Equation 1 of SimCLR, view by view."""
    size = len(first)
    views = np.concatenate([first, second])
    views = views / np.linalg.norm(views, axis=1, keepdims=True)

    def loss(i: int, j: int) -> float:
        similar = np.exp(views @ views[i] / temperature)
        return -float(np.log(similar[j] / np.delete(similar, i).sum()))

    return np.array(
        [(loss(i, i + size) + loss(i + size, i)) / 2 for i in range(size)]
    )


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 6),
    dim=st.integers(1, 5),
    temperature=st.sampled_from([0.1, 0.2, 1.0]),
)
def test_equals_plain_computation(
    seed: int, size: int, dim: int, temperature: float
) -> None:
    first, second = np.random.default_rng(seed).normal(size=(2, size, dim))
    np.testing.assert_allclose(
        NTXent(temperature, reduction=None)(first, second),
        plain_ntxent(first, second, temperature),
        rtol=1e-4,
        atol=1e-5,
    )


def test_golden() -> None:
    # Each view sees its partner (cosine 1) and two others (cosine 0).
    views = np.array([[2.0, 0.0], [0.0, 5.0]])
    loss = NTXent(temperature=0.5)(views, 3.0 * views)
    assert float(loss) == pytest.approx(np.log(np.exp(2.0) + 2.0) - 2.0)


def test_symmetric_and_blind_to_length() -> None:
    first, second = np.random.default_rng(1).normal(size=(2, 4, 3))
    loss = NTXent(reduction=None)
    expected = loss(first, second)
    np.testing.assert_allclose(loss(second, first), expected, rtol=1e-5)
    np.testing.assert_allclose(
        loss(7.0 * first, 0.1 * second), expected, rtol=1e-5
    )


def test_agreeing_views_cost_less() -> None:
    first, second = np.random.default_rng(2).normal(size=(2, 8, 4))
    assert float(NTXent()(first, first)) < float(NTXent()(first, second))


def test_one_outfit_has_nothing_to_be_told_from() -> None:
    assert float(NTXent()([[1.0, 0.0]], [[0.0, 1.0]])) == pytest.approx(0.0)


def test_zero_vector_has_a_finite_gradient() -> None:
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken by TensorFlow")
    first = tf.constant([[0.0, 0.0], [1.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(first)
        value = NTXent()(first, [[0.0, 1.0], [1.0, 1.0]])
    assert np.isfinite(value)
    assert np.isfinite(tape.gradient(value, first)).all()


@pytest.mark.parametrize("temperature", [0.0, -0.2, None])
def test_refuses_temperature(temperature: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match="`temperature` should be a positive float. "
        f"Received: temperature={temperature!r}",
    ):
        NTXent(temperature=temperature)
