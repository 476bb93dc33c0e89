"""Records of runs, a line of JSON each: a study that is killed resumes."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

from filelock import FileLock

Record = dict[str, Any]


class Records:
    """The records of one world, by the name of the run.

    Processes may add records at the same time. A record added anew replaces
    the one of the same name. A last line that a kill cut short is dropped.

    Args:
        path: The file, which appears with the first record.

    Example:

    >>> records = Records(Path("runs/wardrobe.jsonl"))
    >>> records.add("final--kd--0", {"test_auc": 0.81})
    >>> records.read()["final--kd--0"]
    {'test_auc': 0.81}
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Record]:
        """Returns the records by name, in the order they were added."""
        records: dict[str, Record] = {}
        if not self.path.exists():
            return records
        lines = self.path.read_bytes().splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n") and number == len(lines):
                warnings.warn(
                    f"{self.path}, line {number}: cut short, and left out",
                    stacklevel=2,
                )
                continue
            record = json.loads(line)
            records[record.pop("run")] = record
        return records

    def add(self, name: str, record: Record) -> None:
        """Appends a record as a whole line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"run": name, **record}).encode() + b"\n"
        with FileLock(f"{self.path}.lock"), open(self.path, "ab+") as file:
            whole = _end_of_last_line(file)
            file.truncate(whole)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def _end_of_last_line(file: Any) -> int:
    """Returns where the last whole line of a file ends."""
    file.seek(0)
    return int(file.read().rfind(b"\n")) + 1
