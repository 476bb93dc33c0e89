import math
from typing import Any

import keras
import numpy as np
import pytest

from fndrec.losses import KnowledgeDistillation, SoftmaxRanking


def test_golden() -> None:
    # At temperature 2 the teacher's softmax is (3/4, 1/4), the student's
    # (1/2, 1/2); at 1 the student's is the same.
    loss = KnowledgeDistillation(temperature=2.0, weight=0.25)(
        [[2 * math.log(3.0), 0.0]], [[1.0, 1.0]]
    )
    divergence = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert float(loss) == pytest.approx(
        0.75 * math.log(2.0) + 0.25 * 4 * divergence, rel=1e-6
    )


def test_agreement_costs_nothing() -> None:
    scores = np.array([[3.0, -1.0, 0.5], [0.0, 2.0, 2.0]])
    loss = KnowledgeDistillation(weight=1.0)
    # The softmax does not see what is added to all scores.
    assert float(loss(scores + 5.0, scores)) == pytest.approx(0.0, abs=1e-5)
    assert float(loss(scores[:, ::-1], scores)) > 0.1


def test_weight_0_is_softmax_ranking() -> None:
    scores = np.array([[3.0, -1.0, 0.5], [0.0, 2.0, 2.0]])
    np.testing.assert_allclose(
        KnowledgeDistillation(weight=0)(np.zeros((2, 3)), scores),
        SoftmaxRanking()([[1, 0, 0], [1, 0, 0]], scores),
        rtol=1e-6,
    )


def test_temperature_keeps_the_size_of_gradients() -> None:
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken by TensorFlow")
    teacher = tf.constant([[1.0, 0.0, -1.0]])
    sizes = []
    for temperature in (10.0, 100.0):
        student = tf.zeros((1, 3))
        with tf.GradientTape() as tape:
            tape.watch(student)
            value = KnowledgeDistillation(temperature, 1.0)(teacher, student)
        sizes.append(np.abs(tape.gradient(value, student)).sum())
    # In the limit the gradient is (student - teacher) / candidates.
    np.testing.assert_allclose(sizes, 2 / 3, rtol=2e-2)


@pytest.mark.parametrize("temperature", [0, -1.0, None])
def test_refuses_temperature(temperature: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match="`temperature` should be a positive float. "
        f"Received: temperature={temperature!r}",
    ):
        KnowledgeDistillation(temperature=temperature)


@pytest.mark.parametrize("weight", [-0.1, 1.1, "0.5"])
def test_refuses_weight(weight: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match=r"`weight` should be a float in \[0, 1\]. "
        f"Received: weight={weight!r}",
    ):
        KnowledgeDistillation(weight=weight)
