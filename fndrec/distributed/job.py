"""Resumable jobs over all rows of a catalogue."""

import csv
import dataclasses
import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from tqdm import tqdm

from fndrec.checks import (
    non_negative_float,
    non_negative_int,
    positive_int,
)
from fndrec.distributed.part_writer import BAD, ROWS, PartWriter
from fndrec.distributed.parts import Part
from fndrec.errors import DataError
from fndrec.extras import require
from fndrec.files import atomic_write

JOB_FILE = "job.json"
BAD_FILE = "bad.csv"


@dataclasses.dataclass(frozen=True)
class Workers:
    """Number and kind of workers.

    Args:
        actors: Processes that each load the model once; 0 for this process
            alone, without Ray.
        address: Address of a Ray cluster, `"auto"` for the one that this
            machine belongs to; by default Ray is started on this machine.
        cpus: CPU cores, and threads of TensorFlow, of an actor.
        gpus: GPUs of an actor, such as 1 or 0.25.

    Raises:
        ValueError: If a number is out of its range.
        TypeError: If one is of another type.
    """

    actors: int = 1
    address: str | None = None
    cpus: int = 1
    gpus: float = 0.0

    def __post_init__(self) -> None:
        for name, check in (
            ("actors", non_negative_int),
            ("cpus", positive_int),
            ("gpus", non_negative_float),
        ):
            object.__setattr__(self, name, check(name, getattr(self, name)))


@dataclasses.dataclass(frozen=True)
class JobResult:
    """Result of a job.

    Args:
        good: Rows that are in `folder`.
        bad: Rows that could not be used, listed in `bad_file`.
        new: Rows of both kinds that this run did; the others were there.
        folder: Folder of the Parquet files.
        bad_file: Table of `row`, `id` and `reason`; `row` counts from 0 in
            its `file`.
    """

    good: int
    bad: int
    new: int
    folder: Path
    bad_file: Path


def run_job(
    make: Callable[[], Any],
    parts: Sequence[Part],
    out: Path,
    about: dict[str, Any],
    workers: Workers,
    progress: bool | None = None,
) -> JobResult:
    """Runs all parts that are not done yet.

    Args:
        make: See `PartWriter`; runs in each worker.
        parts: All parts.
        out: Folder of the results.
        about: What the job is of; a folder of another job is refused.
        workers: Who does it.
        progress: Whether a bar is shown; on a terminal by default.

    Returns:
        What it came to.

    Raises:
        DataError: If `out` holds something else, or another run is at it.
        ModuleNotFoundError: If there are actors and no Ray.
    """
    if workers.actors:
        require("ray", "ray", "Work with actors")
    logging.getLogger("filelock").setLevel(logging.WARNING)
    _take(out, about)
    try:
        with FileLock(out / ".lock", timeout=0):
            _clean(out)
            missing = [p for p in parts if not (out / ROWS / p.name).exists()]
            run = _with_actors if workers.actors else _here
            rows = sum(p.stop - p.start for p in parts)
            new = 0
            with tqdm(
                total=rows,
                initial=rows - sum(p.stop - p.start for p in missing),
                unit=" rows",
                disable=None if progress is None else not progress,
            ) as bar:
                for part in run(make, missing, out, workers):
                    new += part["good"] + part["bad"]
                    bar.update(part["good"] + part["bad"])
            return _result(out, parts, new)
    except Timeout:
        raise DataError(
            f"{out}: should be the folder of one run at a time. Received: a "
            "folder that another run is filling"
        ) from None


def _take(out: Path, about: dict[str, Any]) -> None:
    """Creates the folder of a job, or checks that it belongs to this job."""
    path = out / JOB_FILE
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: should be a folder. Received: a file")
    if not path.exists():
        if out.exists() and any(out.iterdir()):
            raise DataError(
                f"{out}: should be a new or an empty folder, or that of this "
                f"job. Received: a folder that holds files, but no {JOB_FILE}"
            )
        out.mkdir(parents=True, exist_ok=True)
        atomic_write(path, json.dumps(about, indent=2) + "\n")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: should be JSON. Received: {error}") from error
    for key in sorted(about.keys() | found.keys()):
        if about.get(key) != found.get(key):
            raise DataError(
                f"{out}: holds results of {key}={found.get(key)!r}. Received: "
                f"{key}={about.get(key)!r}; choose another folder"
            )


def _clean(out: Path) -> None:
    """Removes unfinished files of killed workers."""
    for folder in (ROWS, BAD):
        (out / folder).mkdir(exist_ok=True)
        for path in (out / folder).glob(".*"):
            path.unlink()


def _here(
    make: Callable[[], Any],
    parts: Sequence[Part],
    out: Path,
    workers: Workers,
) -> Iterator[dict[str, int]]:
    if parts:
        yield from map(PartWriter(make, out).do, parts)


def _with_actors(
    make: Callable[[], Any],
    parts: Sequence[Part],
    out: Path,
    workers: Workers,
) -> Iterator[dict[str, int]]:
    """Runs the parts as a Ray Data pipeline.

    What runs through it are the numbers of parts: an actor reads its rows
    itself and is handed the next part when it has done one, so that there is
    never more in memory than one part an actor.
    """
    if not parts:
        return
    import ray

    started = not ray.is_initialized()
    if started:
        ray.init(
            address=workers.address or "local",
            log_to_driver=False,
            logging_level=logging.WARNING,
            **({} if workers.address else {"include_dashboard": False}),
        )
    try:
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        # Each part is a row of its own: whoever is free takes the next one.
        done = ray.data.from_items(
            [dataclasses.asdict(part) for part in parts],
            override_num_blocks=len(parts),
        ).map_batches(
            PartWriter,
            fn_constructor_args=(make, out.resolve(), workers.cpus),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(
                size=min(workers.actors, len(parts))
            ),
            num_cpus=workers.cpus,
            num_gpus=workers.gpus or None,
        )
        yield from done.iter_rows()
    finally:
        if started:
            ray.shutdown()


def _result(out: Path, parts: Sequence[Part], new: int) -> JobResult:
    """Counts the results and lists the refused rows of all parts."""
    good = bad = 0
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "row", "id", "reason"])
    for part in parts:
        good += pq.read_metadata(out / ROWS / part.name).num_rows
        if (out / BAD / part.name).exists():
            for one in pq.read_table(out / BAD / part.name).to_pylist():
                writer.writerow(
                    [Path(part.path).name, one["row"], one["id"], one["reason"]]
                )
                bad += 1
    atomic_write(out / BAD_FILE, text.getvalue())
    return JobResult(good, bad, new, out / ROWS, out / BAD_FILE)
