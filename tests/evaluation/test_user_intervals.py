"""Intervals of metrics against an independent bootstrap."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from fndrec.evaluation import Interval, UserBootstrap, user_metrics
from fndrec.evaluation.user_intervals import shares_of_users
from fndrec.evaluation.user_metrics import best_choice_rate

USERS = 30


@pytest.fixture(scope="module")
def ranked() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Users, scores and blanks, ties and users of many likes included."""
    rng = np.random.default_rng(0)
    users = rng.choice(USERS, 200, p=np.arange(1, USERS + 1) / 465)
    scores = rng.integers(0, 6, (200, 5)).astype(float)
    scores[:, 0] += rng.random(200)
    return users, scores, rng.integers(0, 3, (200, 4)).astype(float)


def test_values_are_those_of_evaluate(
    ranked: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    users, scores, blanks = ranked
    shares = shares_of_users(*ranked)
    expected = {
        **user_metrics(users, scores),
        "hit@1": best_choice_rate(scores),
        "fitb": best_choice_rate(blanks),
    }
    bootstrap = UserBootstrap(len(np.unique(users)), draws=10)
    found = {k: bootstrap.interval(*share).value for k, share in shares.items()}
    assert found == pytest.approx(expected)


def test_interval_is_that_of_scipy(
    ranked: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Of a mean over users, and of a ratio of sums over users."""
    shares = shares_of_users(*ranked)
    for name in ("auc", "hit@1"):
        sums, counts = shares[name]
        expected = bootstrap(
            (sums, counts),
            lambda s, c, axis: s.sum(axis=axis) / c.sum(axis=axis),
            paired=True,
            vectorized=True,
            method="percentile",
            n_resamples=20_000,
            rng=np.random.default_rng(1),
        ).confidence_interval
        found = UserBootstrap(len(sums), draws=20_000).interval(sums, counts)
        assert found.low < found.value < found.high
        # A few draws in a thousand lie between.
        width = expected.high - expected.low
        assert found.low == pytest.approx(expected.low, abs=0.03 * width)
        assert found.high == pytest.approx(expected.high, abs=0.03 * width)


def test_difference_is_paired() -> None:
    rng = np.random.default_rng(0)
    one = rng.random(50)
    count = np.ones(50)
    bootstrap = UserBootstrap(50)
    # Always a tenth better, however much users differ.
    found = bootstrap.difference((one + 0.1, count), (one, count))
    assert (found.value, found.low, found.high) == pytest.approx((0.1,) * 3)
    alone = bootstrap.interval(one, count)
    assert alone.high - alone.low > 0.1


def test_the_seed_decides() -> None:
    sums, counts = np.random.default_rng(0).random((2, 9))
    first = UserBootstrap(9, seed=1).interval(sums, counts)
    assert UserBootstrap(9, seed=1).interval(sums, counts) == first
    assert UserBootstrap(9, seed=2).interval(sums, counts) != first


def test_large_draws_are_made_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sums, counts = np.random.default_rng(0).random((2, 9))
    whole = UserBootstrap(9).interval(sums, counts)
    monkeypatch.setattr("fndrec.evaluation.user_intervals.CHUNK", 20)
    parts = UserBootstrap(9).interval(sums, counts)
    assert parts.low == pytest.approx(whole.low)
    assert parts.high == pytest.approx(whole.high)


def test_many_at_once_are_as_one_by_one() -> None:
    sums, counts = np.random.default_rng(0).random((2, 9, 3))
    bootstrap = UserBootstrap(9, draws=50)
    drawn = bootstrap.drawn(sums, counts)
    assert drawn.shape == (50, 3)
    for column in range(3):
        np.testing.assert_allclose(
            drawn[:, column],
            bootstrap.drawn(sums[:, column], counts[:, column]),
        )


def test_nothing_to_count() -> None:
    none = np.zeros(4)
    found = UserBootstrap(4).interval(none, none)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert isinstance(found, Interval)


def test_bad_argument() -> None:
    with pytest.raises(ValueError, match="num_users=0"):
        UserBootstrap(0)
