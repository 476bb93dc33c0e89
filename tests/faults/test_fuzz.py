"""The readers, for a minute in the hands of a fuzzer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 60


@pytest.mark.slow
def test_fuzzed_readers(tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    done = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).with_name("fuzz_readers.py"))),
            *(f"-max_total_time={SECONDS}", "-timeout=100"),
            *("-rss_limit_mb=4096", "-seed=1"),
        ],
        # Where an input that does harm is kept.
        cwd=tmp_path,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=10 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done " in done.stderr
    assert not list(tmp_path.iterdir())
