import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from fndrec.evaluation import user_metrics
from fndrec.evaluation.user_metrics import (
    best_choice_rate,
    metrics_by_user,
)


def mean_ndcg_by_hand(liked: list[int]) -> float:
    """NDCG at each cut-off with discount log2(max(rank, 2)), averaged."""
    best = sorted(liked, reverse=True)
    dcg = ideal = total = 0.0
    for rank, (gain, greatest) in enumerate(zip(liked, best, strict=True), 1):
        discount = math.log2(max(rank, 2))
        dcg += gain / discount
        ideal += greatest / discount
        total += dcg / ideal
    return total / len(liked)


def rankings_of(liked: np.ndarray, scores: np.ndarray) -> list[list[int]]:
    """Every order of the candidates that the scores allow."""
    found = []
    for order in itertools.permutations(range(len(scores))):
        ranked = scores[list(order)]
        if (np.diff(ranked) <= 0).all():
            found.append([int(liked[i]) for i in order])
    return found


def pooled(
    users: np.ndarray, scores: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (
            (np.indices(scores[users == user].shape)[1] == 0).ravel(),
            scores[users == user].ravel(),
        )
        for user in np.unique(users)
    ]


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 20),
    st.integers(2, 6),
    st.sampled_from([2, 5, 1000]),
)
def test_auc_and_ndcg_are_those_of_sklearn(
    seed: int, likes: int, width: int, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    users = rng.choice([3, 7, 100], likes)
    scores = rng.integers(levels, size=(likes, width)) / 7
    found = user_metrics(users, scores)
    lists = pooled(users, scores)
    aucs = [roc_auc_score(liked, score) for liked, score in lists]
    ndcgs = [ndcg_score([liked], [score]) for liked, score in lists]
    # Each user counts once, however many likes.
    assert found["auc"] == pytest.approx(np.mean(aucs))
    assert found["ndcg"] == pytest.approx(np.mean(ndcgs))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(1, 6), (2, 3), (3, 2)]))
def test_ties_are_the_mean_over_their_orders(
    seed: int, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(3, size=shape).astype(float)
    users = np.zeros(shape[0], int)
    found = user_metrics(users, scores)
    [(liked, flat)] = pooled(users, scores)
    rankings = rankings_of(liked, flat)
    by_rank = -np.arange(float(liked.size))
    expected = {
        "auc": [roc_auc_score(order, by_rank) for order in rankings],
        "ndcg": [ndcg_score([order], [by_rank]) for order in rankings],
        "mean_ndcg": [mean_ndcg_by_hand(order) for order in rankings],
    }
    for name, values in expected.items():
        assert found[name] == pytest.approx(np.mean(values)), name


def test_mean_ndcg_golden() -> None:
    # Ranked: not liked, liked, not liked, liked.
    scores = np.array([[3.0, 4.0], [1.0, 2.0]])
    dcg = np.array([0.0, 1.0, 1.0, 1.5])
    ideal = np.array([1.0, 2.0, 2.0, 2.0])
    found = user_metrics(np.array([5, 5]), scores)
    assert found["mean_ndcg"] == pytest.approx((dcg / ideal).mean())
    discount = 1 / np.log2(np.arange(2, 6))
    assert found["ndcg"] == pytest.approx(
        (discount[1] + discount[3]) / discount[:2].sum()
    )
    assert found["auc"] == pytest.approx(1 / 4)


def test_labels_of_each_user() -> None:
    """Any candidates may be liked; users come in order, one without is NaN."""
    users = np.array([4, 1, 4])
    scores = np.array([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0], [0.0, 5.0, 4.0]])
    liked = np.array([[0, 1, 0], [0, 0, 0], [0, 1, 1]], bool)
    found = metrics_by_user(users, scores, liked)["auc"]
    pooled = [scores[[0, 2]].ravel(), liked[[0, 2]].ravel()]
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(roc_auc_score(pooled[1], pooled[0]))


def test_users_count_alike() -> None:
    users = np.array([0, 0, 0, 1])
    scores = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]])
    assert user_metrics(users, scores)["auc"] == 0.5


def test_only_order_counts() -> None:
    rng = np.random.default_rng(0)
    users = rng.integers(4, size=20)
    scores = rng.normal(size=(20, 4))
    assert user_metrics(users, scores) == user_metrics(users + 9, scores * 1e6)
    perfect = scores - 100 * (np.arange(4) > 0)
    assert set(user_metrics(users, perfect).values()) == {1.0}


@pytest.mark.parametrize("shape", [(3, 1), (0, 4)])
def test_nothing_to_rank_against(shape: tuple[int, int]) -> None:
    found = user_metrics(np.zeros(shape[0], int), np.zeros(shape))
    assert sorted(found) == ["auc", "mean_ndcg", "ndcg"]
    assert all(math.isnan(value) for value in found.values())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_should_be_finite(bad: float) -> None:
    scores = np.zeros((3, 4))
    scores[1, 2] = bad
    with pytest.raises(ValueError, match=r"scores\[1, 2\]"):
        user_metrics(np.arange(3), scores)


def test_best_choice_rate() -> None:
    scores = np.array([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    assert best_choice_rate(scores) == pytest.approx((1 + 0.5 + 0) / 3)
    assert best_choice_rate(scores, k=2) == pytest.approx(2 / 3)
    assert best_choice_rate(scores, k=3) == 1
    assert math.isnan(best_choice_rate(np.zeros((0, 4))))


def test_a_constant_scorer_guesses() -> None:
    assert best_choice_rate(np.zeros((5, 4))) == 0.25
    assert best_choice_rate(np.zeros((5, 4)), k=3) == 0.75
