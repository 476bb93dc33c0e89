from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fndrec.metrics import UserAUC


def plain_aucs(
    labels: np.ndarray, scores: np.ndarray, users: np.ndarray
) -> np.ndarray:
    """By scikit-learn, user by user; users without an AUC left out."""
    pooled = [
        (labels[users == user].ravel() > 0, scores[users == user].ravel())
        for user in np.unique(users)
    ]
    return np.array(
        [
            roc_auc_score(liked, score)
            for liked, score in pooled
            if 0 < liked.sum() < len(liked)
        ]
    )


def random_lists(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, size=(30, 5))
    # Users without a not liked candidate and without a liked one.
    users = rng.integers(0, 6, size=30)
    labels[users == 0] = 1
    labels[users == 1] = 0
    return labels, rng.normal(scale=4.0, size=(30, 5)), users


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_near_scikit_learn(seed: int) -> None:
    labels, scores, users = random_lists(seed)
    scores = scores.clip(-9.99, 9.99)
    metric = UserAUC(num_users=7, bins=50)
    metric.update_state(labels, scores, users)
    # The documented bound: half the share of pairs within one bin.
    bins = np.floor((scores + 10) / 20 * 50)
    errors = []
    for user in np.unique(users):
        liked = bins[users == user][labels[users == user] > 0]
        others = bins[users == user][labels[users == user] == 0]
        if len(liked) and len(others):
            errors.append((liked[:, None] == others).mean() / 2)
    aucs = plain_aucs(labels, scores, users)
    assert float(metric.result()) == pytest.approx(
        aucs.mean(), abs=np.mean(errors) + 1e-5
    )


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_equals_scikit_learn_on_distinct_bins(seed: int) -> None:
    labels, _, users = random_lists(seed)
    # In the middle of bins, ties among them.
    scores = (
        np.random.default_rng(seed).integers(0, 40, size=labels.shape) - 19.5
    ) / 2.0
    metric = UserAUC(num_users=6, bins=40)
    metric.update_state(labels[:13], scores[:13], users[:13])
    metric.update_state(labels[13:], scores[13:], users[13:])
    assert float(metric.result()) == pytest.approx(
        plain_aucs(labels, scores, users).mean(), abs=1e-6
    )


def test_golden_pools_the_lists_of_a_user() -> None:
    metric = UserAUC(num_users=3)
    # The pairs of user 2: (5, 1), (5, 6), (3, 1), (3, 6); of user 0: (1, 1).
    metric.update_state(
        [[1, 0], [1, 0], [1, 0]], [[5, 1], [1, 1], [3, 6]], [2, 0, 2]
    )
    assert float(metric.result()) == pytest.approx((0.5 + 0.5) / 2)
    metric.update_state([[1, 0]], [[9, -9]], [1])
    assert float(metric.result()) == pytest.approx((0.5 + 0.5 + 1.0) / 3)


def test_users_count_alike() -> None:
    metric = UserAUC(num_users=2)
    labels = [[1, 0]] * 10
    scores = [[1, 5]] * 9 + [[5, 1]]
    metric.update_state(labels, scores, [0] * 9 + [1])
    assert float(metric.result()) == pytest.approx(0.5)


def test_weights() -> None:
    metric = UserAUC(num_users=1)
    labels, scores = [[1, 0], [1, 0]], [[5, 1], [3, 6]]
    metric.update_state(labels, scores, [0, 0], sample_weight=[3.0, 1.0])
    # Right pairs (5, 1), (3, 1) with weights 9 and 3, wrong ones 3 and 1.
    assert float(metric.result()) == pytest.approx(12 / 16)
    metric.reset_state()
    metric.update_state(
        labels, [[5, 1], [np.nan, 6]], [0, 0], sample_weight=[1.0, 0.0]
    )
    assert float(metric.result()) == pytest.approx(1.0)


def test_constant_scorer_gets_a_half() -> None:
    metric = UserAUC(num_users=4)
    metric.update_state(np.eye(1, 11), np.zeros((1, 11)), [3])
    assert float(metric.result()) == 0.5


def test_scores_out_of_range_go_to_the_ends() -> None:
    metric = UserAUC(num_users=1, minimum=-1.0, maximum=1.0)
    metric.update_state([[1, 0, 0, 0]], [[np.inf, 50.0, -50.0, -np.inf]], [0])
    assert float(metric.result()) == pytest.approx(2.5 / 3)


@pytest.mark.parametrize("column", [0, 1])
def test_nan_score_is_not_hidden(column: int) -> None:
    scores = np.zeros((2, 2))
    scores[1, column] = np.nan
    metric = UserAUC(num_users=2)
    metric.update_state([[1, 0], [1, 0]], scores, [0, 1])
    assert np.isnan(float(metric.result()))
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_half_precision() -> None:
    labels, scores, users = random_lists(0)
    scores = np.round(scores * 4) / 4 + 0.125
    expected = UserAUC(num_users=6)(labels, scores, users)
    found = UserAUC(num_users=6)(
        labels, keras.ops.cast(scores, "float16"), users
    )
    assert float(found) == float(expected)


def test_state() -> None:
    metric = UserAUC(num_users=3, bins=7)
    assert [tuple(v.shape) for v in metric.variables] == [(3, 7)] * 2
    assert {v.dtype for v in metric.variables} == {"float32"}
    metric.update_state([[1, 0, 0]], [[1, 2, 3]], [1])
    assert metric.liked.numpy().sum() == 1
    assert metric.others.numpy().sum() == 2
    metric.reset_state()
    assert not metric.others.numpy().any()


def test_serialises() -> None:
    metric = UserAUC(num_users=6, bins=9, minimum=-4, maximum=5.0, name="mine")
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert again.get_config() == metric.get_config()
    lists = random_lists(1)
    assert float(again(*lists)) == float(metric(*lists))


def test_in_a_graph() -> None:
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a test of TensorFlow's graphs")
    metric, eager = UserAUC(num_users=6), UserAUC(num_users=6)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int64),
            tf.TensorSpec([None, None], tf.float32),
            tf.TensorSpec([None], tf.int64),
        ]
    )
    def update(labels: Any, scores: Any, users: Any) -> Any:
        metric.update_state(labels, scores, users)
        return metric.result()

    for seed in range(3):
        labels, scores, users = random_lists(seed)
        found = update(labels, scores.astype("float32"), users)
        assert float(found) == pytest.approx(
            float(eager(labels, scores, users))
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"num_users": 0},
            "`num_users` should be a positive integer. Received: num_users=0",
        ),
        (
            {"bins": 1.5},
            "`bins` should be a positive integer. Received: bins=1.5",
        ),
        (
            {"minimum": 1.0, "maximum": 1.0},
            "`minimum` should be less than `maximum`, both finite. "
            "Received: minimum=1.0, maximum=1.0",
        ),
        (
            {"maximum": float("inf")},
            "`minimum` should be less than `maximum`, both finite. "
            "Received: minimum=-10.0, maximum=inf",
        ),
        (
            {"num_users": 2**24},
            "should be less than 2\\*\\*30. "
            "Received: num_users=16777216, bins=100",
        ),
    ],
)
def test_refuses_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UserAUC(**{"num_users": 2, **arguments})


def test_refuses_shapes() -> None:
    metric = UserAUC(num_users=2)
    with pytest.raises(ValueError, match="should have the same shape"):
        metric.update_state([1, 0], [[1.0, 2.0]], [0])
    with pytest.raises(ValueError, match=r"should have the shape \(batch,\)"):
        metric.update_state([[1, 0]], [[1.0, 2.0]], [0], sample_weight=[[1.0]])


def test_weights_by_hand() -> None:
    metric = UserAUC(num_users=2, bins=20)
    labels = np.array([[1, 0], [1, 0], [1, 0]])
    scores = np.array([[5.0, 1.0], [1.0, 5.0], [5.0, 1.0]])
    metric.update_state(labels, scores, [0, 0, 1], [3.0, 1.0, 0.0])
    # Of user 0, liked at 5 weigh 3 and at 1 weigh 1; the others 1 and 3. The
    # pairs in order weigh 3 * 3, ties half of 3 * 1 + 1 * 3, of 4 * 4. User 1
    # weighs nothing.
    assert float(metric.result()) == pytest.approx((9 + 3) / 16)
    plain = UserAUC(num_users=2, bins=20)
    plain.update_state(labels, scores, [0, 0, 1], [2.0, 2.0, 2.0])
    same = UserAUC(num_users=2, bins=20)
    same.update_state(labels, scores, [0, 0, 1])
    assert float(plain.result()) == float(same.result())
