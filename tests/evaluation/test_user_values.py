import numpy as np
import pytest
from scipy.stats import bootstrap
from tiny_models import tiny_teacher

from fndrec import evaluate
from fndrec.data import OutfitData
from fndrec.evaluation import EvaluationResult, UserValues
from fndrec.evaluation.user_values import _interval, intervals


def test_means_by_hand() -> None:
    users = UserValues.of_users(np.array([0.5, np.nan, 1.0]))
    assert users.mean == 0.75
    likes = UserValues.of_likes(np.array([7, 3, 7]), np.array([1.0, 0.0, 0.0]))
    np.testing.assert_array_equal(likes.total, [0, 1])
    np.testing.assert_array_equal(likes.count, [1, 2])
    assert likes.mean == pytest.approx(1 / 3)
    summed = UserValues.summed([likes, likes])
    assert summed.mean == likes.mean
    stacked = UserValues.stacked([users, UserValues.of_users(np.zeros(3))])
    assert stacked.total.shape == (2, 3)
    assert stacked.mean == pytest.approx(1.5 / 5)


def test_no_case() -> None:
    none = UserValues.of_users(np.full(3, np.nan))
    assert np.isnan(none.mean)
    assert np.isnan([none.interval().low, none.interval().high]).all()


def test_interval_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    values = rng.beta(4, 2, 200)
    found = UserValues.of_users(values).interval()
    low, high = found.low, found.high
    assert found.value == pytest.approx(values.mean())
    expected = bootstrap(
        (values,),
        np.mean,
        n_resamples=5000,
        method="percentile",
        random_state=np.random.default_rng(1),
    ).confidence_interval
    width = expected.high - expected.low
    assert low == pytest.approx(expected.low, abs=0.15 * width)
    assert high == pytest.approx(expected.high, abs=0.15 * width)
    assert UserValues.of_users(values).interval() == found


def test_likes_of_a_user_are_drawn_together() -> None:
    """100 likes of 4 users say less than 100 likes of 100 users."""
    value = np.repeat([0.0, 1.0, 0.0, 1.0], 25)
    few = UserValues.of_likes(np.repeat(np.arange(4), 25), value).interval()
    many = UserValues.of_likes(np.arange(100), value).interval()
    assert few.high - few.low > 2 * (many.high - many.low)


def test_together_as_alone() -> None:
    rng = np.random.default_rng(4)
    values = {
        "a": UserValues.of_users(rng.random(70)),
        "b": UserValues.of_likes(rng.integers(70, size=300), rng.random(300)),
        "c": UserValues.of_users(rng.random(9)),
        "d": UserValues.of_users(np.where(rng.random(70) < 0.2, np.nan, 0.5)),
    }
    found = intervals(values, seed=3)
    assert list(found) == list("abcd")
    for name, value in values.items():
        alone = value.interval(seed=3)
        assert found[name].low == pytest.approx(alone.low)
        assert found[name].high == pytest.approx(alone.high)


def test_runs_widen_the_interval() -> None:
    users = np.full(400, 0.5)
    runs = [UserValues.of_users(users + gap) for gap in (-0.1, 0.0, 0.1)]
    found = UserValues.stacked(runs).interval()
    assert found.low < 0.45
    assert found.high > 0.55


def test_pairs_tell_more_than_two_intervals() -> None:
    rng = np.random.default_rng(2)
    values = rng.random(300)
    first = UserValues.of_users(values + 0.01)
    second = UserValues.of_users(values)
    found = first.difference(second)
    assert found.value == pytest.approx(0.01)
    assert found.low == pytest.approx(0.01)
    assert found.high == pytest.approx(0.01)
    with pytest.raises(ValueError, match=r"shape \(300,\)"):
        first.difference(UserValues.of_users(values[1:]))


def test_of_an_evaluation(tiny_data: OutfitData) -> None:
    models = [tiny_teacher(tiny_data, seed=seed) for seed in (1, 2)]
    each = [evaluate(m, tiny_data, seed=[0, 1]) for m in models]
    both = evaluate({"two": models}, tiny_data, seed=[0, 1])
    for name, value in both.metrics["two"].items():
        alone = [found.metrics["model"][name] for found in each]
        assert value == pytest.approx(np.mean(alone))
    draws = [evaluate(models[0], tiny_data, seed=seed) for seed in (0, 1)]
    for name, value in each[0].metrics["model"].items():
        alone = [found.metrics["model"][name] for found in draws]
        assert value == pytest.approx(np.mean(alone))
    popularity = each[0].metrics["item popularity"]
    assert both.metrics["item popularity"] == popularity
    low, high = both.intervals["two"]["auc"]
    assert low <= both.metrics["two"]["auc"] <= high
    assert f"[{low:.4f}, {high:.4f}]" in both.table(intervals=True)
    assert f"[{low:.4f}" not in str(both)


def test_difference_to_a_baseline_that_has_no_runs(
    tiny_data: OutfitData,
) -> None:
    models = {"model": [tiny_teacher(tiny_data, seed=s) for s in (1, 2)]}
    found = evaluate(models, tiny_data)
    assert found.values is not None
    gap = found.difference("model", "item popularity")
    expected = (
        found.metrics["model"]["auc"] - found.metrics["item popularity"]["auc"]
    )
    assert gap.value == pytest.approx(expected)
    assert gap.low < gap.value < gap.high
    back = found.difference("item popularity", "model")
    assert (back.low, back.high) == pytest.approx((-gap.high, -gap.low))


def test_difference_of_an_evaluation(tiny_data: OutfitData) -> None:
    models = {name: tiny_teacher(tiny_data, seed=ord(name)) for name in "ab"}
    found = evaluate(models, tiny_data)
    gap = found.difference("a", "b", "fitb")
    assert gap.low <= gap.value <= gap.high
    expected = found.metrics["a"]["fitb"] - found.metrics["b"]["fitb"]
    assert gap.value == pytest.approx(expected)
    for wrong, message in (
        (("c", "b"), "`first` should be one of"),
        (("a", "c"), "`second` should be one of"),
        (("a", "b", "mrr"), "metric='mrr'"),
    ):
        with pytest.raises(ValueError, match=message):
            found.difference(*wrong)
    read = EvaluationResult(**found.to_dict())
    assert read == found
    with pytest.raises(ValueError, match="read from a file"):
        read.difference("a", "b")


def test_no_seed(tiny_data: OutfitData) -> None:
    with pytest.raises(ValueError, match="one seed or more"):
        evaluate(tiny_teacher(tiny_data), tiny_data, seed=[])


def test_an_interval_holds_95_percent_of_the_draws() -> None:
    draws = np.random.default_rng(0).permutation(10_001) / 10_000
    found = _interval(0.5, draws)
    assert found.low == pytest.approx(0.025, abs=1e-9)
    assert found.high == pytest.approx(0.975, abs=1e-9)


def test_intervals_cover_the_truth_95_times_of_100() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(400):
        users = UserValues.of_users(rng.normal(size=200))
        interval = users.interval(seed)
        covered += interval.low <= 0.0 <= interval.high
    # 380 of 400 are due, with a deviation of 4.4; of 90% it would be 360.
    assert 367 <= covered <= 393
