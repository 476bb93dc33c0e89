import math
from typing import Any

import numpy as np
import pytest

from fndrec.metrics import NDCG, MeanNDCG


def test_golden_binary() -> None:
    metric = NDCG()
    metric.update_state([[1, 0, 0, 0]], [[0.3, 0.9, 0.5, 0.1]])
    assert float(metric.result()) == pytest.approx(1 / math.log2(4))


def test_golden_graded() -> None:
    metric = NDCG()
    metric.update_state([[2, 1, 0]], [[1.0, 2.0, 3.0]])
    found = 1 / math.log2(3) + 3 / math.log2(4)
    assert float(metric.result()) == pytest.approx(
        found / (3 + 1 / math.log2(3))
    )


def test_golden_tie() -> None:
    metric = NDCG()
    metric.update_state([[1, 0, 0]], [[0.5, 0.5, 0.1]])
    assert float(metric.result()) == pytest.approx((1 + 1 / math.log2(3)) / 2)


def test_cut_off() -> None:
    labels, scores = [[1, 0, 0], [1, 0, 0]], [[3, 2, 1], [1, 2, 3]]
    metric = NDCG(k=2)
    metric.update_state(labels, scores)
    assert float(metric.result()) == pytest.approx(0.5)
    past_the_end = NDCG(k=9)
    past_the_end.update_state(labels, scores)
    assert float(past_the_end.result()) == pytest.approx(0.75)


def test_golden_mean_ndcg() -> None:
    metric = MeanNDCG()
    metric.update_state([[1, 0, 0, 0]], [[0.3, 0.9, 0.5, 0.1]])
    # By cut-off: 0, 0, 1 / log2(3), 1 / log2(3); the ideal is 1 throughout.
    assert float(metric.result()) == pytest.approx(0.5 / math.log2(3))


def test_golden_mean_ndcg_graded() -> None:
    metric = MeanNDCG()
    metric.update_state([[2, 1, 0]], [[1.0, 2.0, 3.0]])
    last = (1 + 3 / math.log2(3)) / (3 + 1)
    assert float(metric.result()) == pytest.approx((0 + 1 / 4 + last) / 3)


def test_the_two_differ() -> None:
    scores = np.random.default_rng(0).normal(size=(50, 11))
    labels = np.tile(np.eye(1, 11), (50, 1))
    usual, peers = NDCG(), MeanNDCG()
    usual.update_state(labels, scores)
    peers.update_state(labels, scores)
    assert abs(float(usual.result()) - float(peers.result())) > 0.01


def test_names() -> None:
    assert NDCG().name == "ndcg"
    assert NDCG(k=5).name == "ndcg_5"
    assert NDCG(k=5, name="mine").name == "mine"
    assert MeanNDCG().name == "mean_ndcg"


@pytest.mark.parametrize("k", [0, -1, 1.5, "2", True])
def test_refuses_k(k: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match=f"`k` should be a positive integer. Received: k={k!r}",
    ):
        NDCG(k=k)
