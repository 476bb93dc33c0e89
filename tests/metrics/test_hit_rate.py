from typing import Any

import pytest

from fndrec.metrics import FITBAccuracy, HitRate


def hit_rate(k: int, labels: Any, scores: Any) -> float:
    metric = HitRate(k)
    metric.update_state(labels, scores)
    return float(metric.result())


def test_golden() -> None:
    labels = [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    scores = [[3.0, 2.0, 1.0], [1.0, 3.0, 2.0], [1.0, 3.0, 2.0]]
    assert hit_rate(1, labels, scores) == pytest.approx(1 / 3)
    assert hit_rate(2, labels, scores) == pytest.approx(2 / 3)
    assert hit_rate(3, labels, scores) == pytest.approx(1.0)
    assert hit_rate(99, labels, scores) == pytest.approx(1.0)


def test_golden_ties() -> None:
    # One is better, then three are tied for the ranks 2 to 4.
    labels, scores = [[1, 0, 0, 0, 0]], [[2.0, 5.0, 2.0, 2.0, 1.0]]
    for k, expected in enumerate([0, 1 / 3, 2 / 3, 1, 1], start=1):
        assert hit_rate(k, labels, scores) == pytest.approx(expected)


def test_golden_several_liked() -> None:
    # Two of four tied are liked: both miss the first two with chance 1/6.
    assert hit_rate(2, [[1, 1, 0, 0]], [[0.0] * 4]) == pytest.approx(5 / 6)


def test_less_than_0_is_not_liked() -> None:
    assert hit_rate(1, [[-1, 1]], [[2.0, 1.0]]) == 0.0
    assert hit_rate(1, [[-1, 1]], [[1.0, 2.0]]) == 1.0


def test_name_tells_k() -> None:
    assert HitRate(5).name == "hit_rate_5"
    assert HitRate(5, name="mine").name == "mine"


@pytest.mark.parametrize("k", [0, -1, 1.5, None])
def test_refuses_k(k: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match=f"`k` should be a positive integer. Received: k={k!r}",
    ):
        HitRate(k)


def test_fitb_golden() -> None:
    metric = FITBAccuracy()
    metric.update_state(
        [[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]],
        [[4, 1, 1, 1], [5, 0, 5, 5], [1, 2, 1, 0]],
    )
    assert float(metric.result()) == pytest.approx((1 + 1 / 3 + 0) / 3)
