"""Records of runs survive a kill, and several processes at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.common.records import Records

WRITER = """
import sys
from pathlib import Path
from benchmarks.common.records import Records

records = Records(Path(sys.argv[1]))
for number in range(50):
    records.add(f"{sys.argv[2]}--{number}", {"value": number})
"""


def test_records_come_back_in_order(tmp_path: Path) -> None:
    records = Records(tmp_path / "runs" / "world.jsonl")
    assert records.read() == {}
    records.add("b", {"auc": 0.8})
    records.add("a", {"auc": 0.7, "seed": None})
    assert list(records.read().items()) == [
        ("b", {"auc": 0.8}),
        ("a", {"auc": 0.7, "seed": None}),
    ]


def test_the_last_record_of_a_name_counts(tmp_path: Path) -> None:
    records = Records(tmp_path / "world.jsonl")
    records.add("a", {"auc": 0.7})
    records.add("a", {"auc": 0.9})
    assert records.read() == {"a": {"auc": 0.9}}


def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    records = Records(tmp_path / "world.jsonl")
    records.add("a", {"auc": 0.7})
    records.add("b", {"auc": 0.8})
    records.path.write_bytes(records.path.read_bytes()[:-5])
    with pytest.warns(UserWarning, match="line 2: cut short"):
        assert records.read() == {"a": {"auc": 0.7}}
    # The next record does not grow on the stump.
    records.add("c", {"auc": 0.9})
    assert records.read() == {"a": {"auc": 0.7}, "c": {"auc": 0.9}}


def test_processes_add_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, name])
        for name in ("one", "two")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert len(Records(path).read()) == 100
