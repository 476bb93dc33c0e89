"""Worker that writes the results of a part atomically."""

import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fndrec.distributed.exported import use_threads
from fndrec.distributed.parts import Part
from fndrec.files import atomic_path

ROWS = "rows"
BAD = "bad"
BAD_SCHEMA = pa.schema(
    [("row", pa.int64()), ("id", pa.string()), ("reason", pa.string())]
)
# A folder whose file changed between planning and reading would mix the two.
KEYS = ("number", "path", "start", "stop")


class PartWriter:
    """Loads a model once, then writes one file per part.

    A part whose file is there is done: the file appears under its name when
    it is whole, after that of the part's bad rows. So a part that a killed
    worker had begun is done again, and none twice.

    Args:
        make: Makes what turns rows into rows: `EmbedItems` or
            `RecommendUsers`.
        out: Folder of the results.
        threads: Threads that TensorFlow takes; `None` leaves it alone.
    """

    def __init__(
        self, make: Callable[[], Any], out: Path, threads: int | None = None
    ) -> None:
        if threads is not None:
            use_threads(threads)
        self.work = make()
        self.out = out

    def do(self, part: Part) -> dict[str, int]:
        """Processes a part and writes its file.

        Args:
            part: The part.

        Returns:
            Its `"number"`, and how many rows are `"good"` and how many
            `"bad"`.
        """
        made, bad = self.work(part.read(self.work.columns))
        for one in bad:
            one["row"] += part.start
        reasons = self.out / BAD / part.name
        if bad:
            with atomic_path(reasons) as draft:
                pq.write_table(pa.Table.from_pylist(bad, BAD_SCHEMA), draft)
        else:
            reasons.unlink(missing_ok=True)
        # Who made it, for whoever asks how even the work was.
        made = made.replace_schema_metadata(
            {"worker": f"{platform.node()} {os.getpid()}"}
        )
        with atomic_path(self.out / ROWS / part.name) as draft:
            pq.write_table(made, draft)
            with open(draft, "rb") as file:
                os.fsync(file.fileno())
        return {"number": part.number, "good": len(made), "bad": len(bad)}

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Processes a batch of Ray Data that holds one part."""
        values = {key: batch[key][0] for key in KEYS}
        part = Part(
            int(values["number"]),
            str(values["path"]),
            int(values["start"]),
            int(values["stop"]),
        )
        return {key: [value] for key, value in self.do(part).items()}
