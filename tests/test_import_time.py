"""Importing the package costs little more than importing TensorFlow."""

import subprocess
import sys
import textwrap

import pytest

LIMIT = 4.0

# Time of the processor, as other processes take none of it.
MEASURE = """
    import sys, time
    begin = time.process_time()
    import tensorflow
    middle = time.process_time()
    __import__(sys.argv[1])
    print(middle - begin, time.process_time() - middle)
"""


def seconds(module: str) -> tuple[float, float]:
    """Of TensorFlow, and of the module after it."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE), module],
        capture_output=True,
        text=True,
        check=True,
    )
    before, more = done.stdout.split()
    return float(before), float(more)


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["fndrec", "fndrec.cli", "fndrec.serving.server"]
)
def test_import_time(module: str) -> None:
    runs = [seconds(module) for _ in range(3)]
    tensorflow, more = min(runs, key=lambda run: run[1])
    print(f"{module}: {more:.2f} s more than the {tensorflow:.2f} s before")
    assert more < LIMIT
