import time
from collections.abc import Callable

import pytest

from fndrec.evaluation.costs.latency import WARM_UP, Latency, measure


def test_calls_take_turns_after_a_warm_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    calls: list[str] = []
    taken = {"a": [0.001, 0.002, 0.003, 0.004, 0.005], "b": [0.01] * 5}

    def call(name: str) -> Callable[[], None]:
        def run() -> None:
            nonlocal now
            calls.append(name)
            repetition = calls.count(name) - WARM_UP - 1
            # Warm-up calls are slow, and must not count.
            now += 9.0 if repetition < 0 else taken[name][repetition]

        return run

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    found = measure({"a": call("a"), "b": call("b")}, repetitions=5)
    assert calls == ["a"] * WARM_UP + ["b"] * WARM_UP + ["a", "b"] * 5
    assert list(found) == ["a", "b"]
    for one, (median, low, high) in zip(
        found.values(), [(3.0, 2.0, 4.0), (10.0, 10.0, 10.0)], strict=True
    ):
        assert isinstance(one, Latency)
        assert one.median == pytest.approx(median)
        assert one.low == pytest.approx(low)
        assert one.high == pytest.approx(high)
