import numpy as np
import pytest

from fndrec.losses import SoftmaxRanking


def test_golden() -> None:
    # exp: 4, 1, 3 and 1, 1, 2.
    scores = np.log([[4.0, 1.0, 3.0], [1.0, 1.0, 2.0]])
    loss = SoftmaxRanking(reduction=None)([[1, 0, 0], [0, 0, 1]], scores)
    np.testing.assert_allclose(loss, np.log([2.0, 2.0]), rtol=1e-6)


def test_weighted_golden() -> None:
    scores = np.log([[4.0, 1.0, 3.0], [1.0, 1.0, 2.0]])
    loss = SoftmaxRanking()(
        [[1, 0, 0], [1, 0, 0]], scores, sample_weight=[1.0, 3.0]
    )
    # (1 log 2 + 3 log 4) / 2
    assert float(loss) == pytest.approx(3.5 * np.log(2.0))


def test_several_liked_count_by_relevance() -> None:
    scores = np.log([[1.0, 2.0, 1.0]])
    loss = SoftmaxRanking()([[3, 1, 0]], scores)
    assert float(loss) == pytest.approx(0.75 * np.log(4) + 0.25 * np.log(2))


def test_no_liked_is_no_loss() -> None:
    assert float(SoftmaxRanking()([[0, 0]], [[1.0, 5.0]])) == 0.0
