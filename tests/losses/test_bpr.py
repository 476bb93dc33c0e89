import numpy as np
import pytest

from fndrec.losses import BPR


def test_golden() -> None:
    # Margins log 3 and 0: -log sigmoid is log(4 / 3) and log 2.
    loss = BPR()([[1, 0, 0]], [[np.log(3.0), 0.0, np.log(3.0)]])
    assert float(loss) == pytest.approx((np.log(4 / 3) + np.log(2)) / 2)


def test_several_liked() -> None:
    scores = np.array([[0.3, -1.2, 2.0, 0.7]])
    loss = BPR()([[0, 1, 0, 1]], scores)
    margins = [
        scores[0, liked] - scores[0, other]
        for liked in (1, 3)
        for other in (0, 2)
    ]
    assert float(loss) == pytest.approx(
        np.mean(np.log1p(np.exp(-np.array(margins)))), rel=1e-6
    )


def test_weighted_golden() -> None:
    loss = BPR()(
        [[1, 0], [1, 0]], [[0.0, 0.0], [9.0, 1.0]], sample_weight=[2.0, 0.0]
    )
    assert float(loss) == pytest.approx(np.log(2.0))


@pytest.mark.parametrize("labels", [[[1, 1]], [[0, 0]]])
def test_no_pair_is_no_loss(labels: list[list[int]]) -> None:
    assert float(BPR()(labels, [[1.0, 5.0]])) == 0.0
