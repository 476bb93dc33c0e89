"""The soak of the server, for some seconds."""

import json
from pathlib import Path

import pytest

from benchmarks.serving_soak import __main__ as serving_soak
from benchmarks.serving_soak.malformed import is_refusal


def test_what_counts_as_a_refusal() -> None:
    for status in ("400", "413", "INVALID_ARGUMENT", "NOT_FOUND"):
        assert is_refusal(status)
    for status in ("200", "500", "OK", "INTERNAL", "UNKNOWN", "4xx: broken"):
        assert not is_refusal(status)


@pytest.mark.slow
def test_soak(tmp_path: Path) -> None:
    serving_soak.main(
        ["--out", str(tmp_path), "--minutes", "0.3", "--clients", "4"]
    )
    found = json.loads((tmp_path / "serving_soak.json").read_text())
    assert found["main"]["failed"] == 0
    assert found["main"]["good"] > 100
    assert set(found["main"]["answers_by_version"]) == {"1", "2"}
    assert found["kill_and_restart"]["failed"] == 0
    assert found["exit_status_of_sigterm"] == 0
