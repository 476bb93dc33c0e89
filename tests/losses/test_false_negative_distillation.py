import math
from typing import Any

import keras
import numpy as np
import pytest

from fndrec.losses import FalseNegativeDistillation, SoftmaxRanking


def pushes(loss: Any, distance_zscore: Any, scores: Any) -> np.ndarray:
    """Gradient of the scores: above 0 where a score is pushed down."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken by TensorFlow")
    scores = tf.constant(scores, "float32")
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = loss(distance_zscore, scores)
    gradient: np.ndarray = tape.gradient(value, scores).numpy()
    return gradient


def test_golden() -> None:
    # exp: 4 for the liked, 1 and 3 for the negatives, which the z-score turns
    # into 2 and 2.
    loss = FalseNegativeDistillation(alpha=2.0)(
        [[0.0, math.log(2) / 2, math.log(2 / 3) / 2]],
        np.log([[4.0, 1.0, 3.0]]),
    )
    assert float(loss) == pytest.approx(math.log(2.0), rel=1e-6)


def test_weighted_golden() -> None:
    loss = FalseNegativeDistillation(alpha=1.0)(
        [[0.0, 0.0], [0.0, math.log(3.0)]],
        [[0.0, 0.0], [0.0, 0.0]],
        sample_weight=[2.0, 1.0],
    )
    # (2 log 2 + log 4) / 2
    assert float(loss) == pytest.approx(2 * math.log(2.0), rel=1e-6)


@pytest.mark.parametrize("z", [5.0, -5.0])
def test_clip(z: float) -> None:
    clipped = FalseNegativeDistillation(clip=3.0)
    free = FalseNegativeDistillation(clip=None)
    scores = [[1.0, 0.5, 2.0]]
    assert float(clipped([[0.0, z, 1.0]], scores)) == pytest.approx(
        float(free([[0.0, math.copysign(3.0, z), 1.0]], scores))
    )
    assert float(clipped([[0.0, z, 1.0]], scores)) != pytest.approx(
        float(free([[0.0, z, 1.0]], scores))
    )


def test_alpha_0_is_softmax_ranking() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(5, 7))
    distance_zscore = rng.normal(size=(5, 7))
    labels = np.zeros((5, 7))
    labels[:, 0] = 1
    np.testing.assert_allclose(
        FalseNegativeDistillation(alpha=0.0)(distance_zscore, scores),
        SoftmaxRanking()(labels, scores),
        rtol=1e-6,
    )


@pytest.mark.parametrize("value", [-7.0, math.inf, math.nan])
def test_distance_zscore_of_the_liked_is_not_used(value: float) -> None:
    loss = FalseNegativeDistillation(clip=None)
    scores = [[0.3, 0.1, -0.2]]
    assert float(loss([[value, 1.0, 2.0]], scores)) == float(
        loss([[0.0, 1.0, 2.0]], scores)
    )


def test_false_negatives_are_pushed_less() -> None:
    scores = [[0.5, 0.2, 0.2, 0.2]]
    gradient = pushes(
        FalseNegativeDistillation(), [[0.0, -2.0, 0.0, 2.0]], scores
    )[0]
    liked, false, neutral, sure = gradient
    assert liked < 0 < false < neutral < sure
    plain = pushes(FalseNegativeDistillation(), np.zeros((1, 4)), scores)[0]
    assert false < plain[1]
    assert sure > plain[3]
    assert gradient.sum() == pytest.approx(0.0, abs=1e-6)


def test_more_alpha_pushes_false_negatives_less() -> None:
    distance_zscore, scores = [[0.0, -1.0, 1.0]], [[0.5, 0.2, 0.2]]
    by_alpha = [
        pushes(FalseNegativeDistillation(alpha=alpha), distance_zscore, scores)[
            0, 1
        ]
        for alpha in (0.0, 0.3, 1.0, 4.0)
    ]
    assert by_alpha == sorted(by_alpha, reverse=True)


@pytest.mark.parametrize("alpha", [-1, math.nan, math.inf, "1", None, True])
def test_refuses_alpha(alpha: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match="`alpha` should be a non-negative float. "
        f"Received: alpha={alpha!r}",
    ):
        FalseNegativeDistillation(alpha=alpha)


@pytest.mark.parametrize("clip", [0, -3.0, math.nan, "3"])
def test_refuses_clip(clip: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match=f"`clip` should be a positive float. Received: clip={clip!r}",
    ):
        FalseNegativeDistillation(clip=clip)
