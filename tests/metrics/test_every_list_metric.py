"""What every metric of lists has to survive."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fndrec.metrics import NDCG, FITBAccuracy, HitRate, MeanNDCG

few = settings(deadline=None, max_examples=25)


def plain_ndcg(relevance: np.ndarray, k: int | None) -> float:
    """NDCG of relevances in the order of their ranks."""
    discount = np.log2(np.arange(2, len(relevance) + 2))[:k]
    dcg = ((2.0**relevance - 1)[:k] / discount).sum()
    ideal = (2.0 ** np.sort(relevance)[::-1] - 1)[:k]
    return float(dcg / (ideal / discount).sum())


def plain_mean_ndcg(relevance: np.ndarray) -> float:
    discount = np.log2(np.maximum(np.arange(1, len(relevance) + 1), 2))
    dcg = np.cumsum((2.0**relevance - 1) / discount)
    ideal = np.cumsum((2.0 ** np.sort(relevance)[::-1] - 1) / discount)
    return float((dcg / ideal).mean())


METRICS: list[tuple[Any, Callable[[np.ndarray], float]]] = [
    (NDCG(), lambda relevance: plain_ndcg(relevance, None)),
    (NDCG(k=2), lambda relevance: plain_ndcg(relevance, 2)),
    (MeanNDCG(), plain_mean_ndcg),
    (HitRate(k=1), lambda relevance: float((relevance[:1] > 0).any())),
    (HitRate(k=3), lambda relevance: float((relevance[:3] > 0).any())),
    (FITBAccuracy(), lambda relevance: float(relevance[0] > 0)),
]
every_metric = pytest.mark.parametrize(
    "metric", [metric for metric, _ in METRICS], ids=lambda m: m.name
)


def value(metric: Any, labels: Any, scores: Any, weight: Any = None) -> float:
    metric.reset_state()
    metric.update_state(labels, scores, sample_weight=weight)
    return float(metric.result())


def random_lists(
    seed: int, relevances: int = 3, levels: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """Lists with at least one liked candidate and many tied scores."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, relevances, size=(6, 8))
    labels[:, 0] = np.maximum(labels[:, 0], 1)
    return labels, rng.integers(0, levels, size=(6, 8)).astype("float32")


@pytest.mark.parametrize(
    ("metric", "plain"), METRICS, ids=lambda value: getattr(value, "name", "")
)
@few
@given(
    candidates=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2)),
        min_size=1,
        max_size=5,
    ).filter(lambda pairs: any(label > 0 for label, _ in pairs))
)
def test_is_the_mean_over_all_orders_of_ties(
    metric: Any,
    plain: Callable[[np.ndarray], float],
    candidates: list[tuple[int, int]],
) -> None:
    labels, scores = np.array(candidates).T
    orders = [
        # A stable sort keeps the shuffled order of tied candidates.
        shuffled[np.argsort(-scores[shuffled], kind="stable")]
        for shuffled in map(np.array, permutations(range(len(labels))))
    ]
    expected = np.mean([plain(labels[order]) for order in orders])
    assert value(metric, [labels], [scores]) == pytest.approx(
        expected, abs=1e-5
    )


@every_metric
@few
@given(seed=st.integers(0, 2**32 - 1))
def test_order_of_candidates_and_lists_means_nothing(
    metric: Any, seed: int
) -> None:
    labels, scores = random_lists(seed)
    rng = np.random.default_rng(seed)
    columns, rows = rng.permutation(8), rng.permutation(6)
    assert value(
        metric, labels[rows][:, columns], scores[rows][:, columns]
    ) == pytest.approx(value(metric, labels, scores), abs=1e-6)


@every_metric
@few
@given(seed=st.integers(0, 2**32 - 1))
def test_increasing_transform_of_scores_changes_nothing(
    metric: Any, seed: int
) -> None:
    labels, scores = random_lists(seed)
    expected = value(metric, labels, scores)
    for transform in (np.exp, lambda s: 3.0 * s - 50.0, lambda s: s**3):
        assert value(metric, labels, transform(scores)) == pytest.approx(
            expected, abs=1e-6
        )


@pytest.mark.parametrize("size", [2, 5, 40])
@pytest.mark.parametrize("constant", [0.0, -3.5, np.inf, -np.inf])
def test_constant_scorer_gets_chance(size: int, constant: float) -> None:
    labels = np.eye(1, size)
    scores = np.full((1, size), constant)
    ranks = np.arange(1, size + 1)
    chance = {
        NDCG(): np.mean(1 / np.log2(ranks + 1)),
        MeanNDCG(): np.mean(
            np.cumsum(1 / np.log2(np.maximum(ranks, 2))) / size
        ),
        FITBAccuracy(): 1 / size,
        HitRate(k=2): 2 / size,
    }
    for metric, expected in chance.items():
        assert value(metric, labels, scores) == pytest.approx(
            expected, rel=1e-5
        )


@every_metric
def test_perfect_is_1(metric: Any) -> None:
    labels, _ = random_lists(0)
    assert value(metric, labels, labels) == pytest.approx(1.0)


@every_metric
def test_weights_and_batches(metric: Any) -> None:
    labels, scores = random_lists(3)
    each = np.array([value(metric, labels[[i]], scores[[i]]) for i in range(6)])
    weight = np.array([1.0, 0.0, 2.0, 0.5, 0.0, 3.0])
    assert value(metric, labels, scores) == pytest.approx(each.mean())
    assert value(metric, labels, scores, weight) == pytest.approx(
        np.average(each, weights=weight)
    )
    metric.reset_state()
    metric.update_state(labels[:2], scores[:2], sample_weight=weight[:2])
    metric.update_state(labels[2:], scores[2:], sample_weight=weight[2:])
    assert float(metric.result()) == pytest.approx(
        np.average(each, weights=weight)
    )


@every_metric
def test_lists_without_a_liked_candidate_are_left_out(metric: Any) -> None:
    labels, scores = random_lists(4)
    blank = np.zeros_like(labels[:1])
    assert value(
        metric,
        np.concatenate([blank, labels]),
        np.concatenate([scores[:1], scores]),
    ) == pytest.approx(value(metric, labels, scores))
    assert value(metric, blank, scores[:1]) == 0.0


@every_metric
@pytest.mark.parametrize("column", [0, 1])
def test_nan_score_is_not_hidden(metric: Any, column: int) -> None:
    labels, scores = random_lists(5)
    broken = scores.copy()
    broken[2, column] = np.nan
    assert np.isnan(value(metric, labels, broken))
    weight = np.ones(6)
    weight[2] = 0.0
    assert value(metric, labels, broken, weight) == pytest.approx(
        value(metric, labels, scores, weight)
    )


@every_metric
def test_half_precision(metric: Any) -> None:
    labels, scores = random_lists(6)
    expected = value(metric, labels, scores)
    for dtype in ("float16", "bfloat16"):
        assert value(
            metric,
            keras.ops.cast(labels, dtype),
            keras.ops.cast(scores, dtype),
        ) == pytest.approx(expected)


@every_metric
def test_serialises(metric: Any) -> None:
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    lists = random_lists(7)
    assert value(again, *lists) == value(metric, *lists)


@every_metric
@pytest.mark.parametrize("jit_compile", [False, True])
def test_works_compiled(metric: Any, jit_compile: bool) -> None:
    labels, scores = random_lists(8)
    fresh = type(metric).from_config(metric.get_config())
    model = keras.Sequential([keras.Input((8,)), keras.layers.Identity()])
    model.compile(loss="mse", weighted_metrics=[fresh], jit_compile=jit_compile)
    weight = np.array([1.0, 0.0, 2.0, 0.5, 0.0, 3.0])
    # The last batch is smaller than the others.
    found = model.evaluate(
        scores,
        labels,
        sample_weight=weight,
        batch_size=4,
        return_dict=True,
        verbose=0,
    )[metric.name]
    assert found == pytest.approx(
        value(metric, labels, scores, weight), rel=1e-5
    )


@every_metric
@pytest.mark.parametrize(
    ("true_shape", "pred_shape"),
    [((3,), (3, 3)), ((3, 1), (3, 3)), ((1, 3), (3, 3)), ((3, 3, 1),) * 2],
)
def test_refuses_shapes_that_would_broadcast(
    metric: Any, true_shape: tuple[int, ...], pred_shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="should have the same shape"):
        metric.update_state(np.ones(true_shape), np.ones(pred_shape))


@every_metric
def test_refuses_weights_of_candidates(metric: Any) -> None:
    with pytest.raises(ValueError, match=r"should have the shape \(batch,\)"):
        metric.update_state(*random_lists(0), sample_weight=np.ones((6, 1)))
