"""Changes the code in small ways and counts the changes that the tests notice.

`cosmic-ray` makes the mutants: another operator, number or condition, one at a
time. Each is run in a copy of the repository, against the tests of its room.
A seeded sample of each room keeps the run within an hour on two cores;
``--sample 0`` takes all mutants.

Example::

    python -m tests.mutants --rooms losses metrics --sample 24
"""

from __future__ import annotations

import argparse
import ast
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parents[2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
WANTED = 0.92  # Of the mutants, those that have to be killed.
TIMEOUT_S = 120.0  # A mutant that runs for longer counts as killed.


@dataclass(frozen=True)
class Room:
    """Files to mutate, and the tests that have to notice.

    The tests run in the order given and stop at the first failure.
    """

    code: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "losses": Room(("fndrec/losses",), ("tests/losses",)),
    "metrics": Room(("fndrec/metrics",), ("tests/metrics",)),
    "negatives": Room(
        ("fndrec/data/batching/negative_sampler.py",),
        (
            "tests/data/batching/test_negative_sampler.py",
            "tests/evaluation/test_evaluation_candidates.py",
        ),
    ),
    "histories": Room(
        (
            "fndrec/data/batching/history_sampler.py",
            "fndrec/layers/user_history_encoder.py",
        ),
        (
            "tests/data/batching/test_history_sampler.py",
            "tests/layers/test_user_history_encoder.py",
        ),
    ),
    "baselines": Room(
        (
            "fndrec/evaluation/baselines.py",
            "fndrec/evaluation/matrix_factorization.py",
        ),
        (
            "tests/evaluation/test_baselines.py",
            "tests/evaluation/test_matrix_factorization.py",
        ),
    ),
    "protocols": Room(
        ("fndrec/evaluation/protocols",), ("tests/evaluation/protocols",)
    ),
    "index": Room(
        ("fndrec/retrieval/index",),
        ("tests/retrieval/index", "tests/retrieval/test_kinds_of_users.py"),
    ),
    "files": Room(
        ("fndrec/files.py",),
        ("tests/test_files.py", "tests/faults/test_disk.py"),
    ),
}


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed.

    Attributes:
        file: The file, relative to the repository.
        was: The line before.
        mutant: The line after.
    """

    file: str
    was: str
    mutant: str


@dataclass(frozen=True)
class RoomResult:
    """The mutants of a room that were run, and those that lived."""

    mutants: int
    survivors: tuple[Survivor, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the mutants and prints a table and the survivors.

    Returns:
        1 if fewer than 92% were killed, or if a survivor is not listed with a
        reason in ``survivors.toml``; else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=[*ROOMS])
    parser.add_argument("--sample", type=int, default=24, help="of each room")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)

    results: dict[str, RoomResult] = {}
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(options.processes):
            copies.put(_copy(Path(folder) / str(number)))

        def run(name: str) -> None:
            copy = copies.get()
            results[name] = _run(
                ROOMS[name], copy, options.sample, options.seed
            )
            copies.put(copy)
            print(_row(name, results[name]), flush=True)

        with ThreadPoolExecutor(options.processes) as threads:
            list(threads.map(run, options.rooms))

    reasons = _reasons()
    survivors = [s for result in results.values() for s in result.survivors]
    mutants = sum(result.mutants for result in results.values())
    killed = 1 - len(survivors) / mutants
    print(f"{mutants} mutants, {killed:.1%} killed, {WANTED:.0%} wanted")
    for survivor in survivors:
        reason = reasons.get(survivor, "no reason in survivors.toml")
        print(
            f"\n{survivor.file}: {reason}"
            f"\n- {survivor.was}\n+ {survivor.mutant}"
        )
    unexplained = [s for s in survivors if s not in reasons]
    return int(killed < WANTED or bool(unexplained))


def _row(name: str, result: RoomResult) -> str:
    lived = len(result.survivors)
    return f"{name:12}{result.mutants:5} mutants {lived:4} survivors"


def _reasons() -> dict[Survivor, str]:
    entries = tomllib.loads(SURVIVORS.read_text()).get("survivor", [])
    return {
        Survivor(entry["file"], entry["was"], entry["mutant"]): entry["reason"]
        for entry in entries
    }


def _copy(folder: Path) -> Path:
    """A copy of what git tracks, for cosmic-ray to change in place."""
    command = ["git", "ls-files", "-z"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, files.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def _run(room: Room, copy: Path, sample: int, seed: int) -> RoomResult:
    tests = f"{sys.executable} -m pytest -x -q -p no:cacheprovider"
    # The tests must pass as the code stands, or each mutant would seem killed.
    subprocess.run(
        [*tests.split(), *room.tests], cwd=copy, check=True, capture_output=True
    )
    config, session = copy / "mutants.toml", copy / "mutants.sqlite"
    config.write_text(
        "[cosmic-ray]\n"
        f"module-path = {[*room.code]}\n"
        f"timeout = {TIMEOUT_S}\n"
        "excluded-modules = []\n"
        f'test-command = "{tests} {" ".join(room.tests)}"\n'
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    session.unlink(missing_ok=True)
    cosmic_ray = [sys.executable, "-m", "cosmic_ray.cli"]
    files = [config.name, session.name]
    subprocess.run([*cosmic_ray, "init", *files], cwd=copy, check=True)
    with use_db(session, WorkDB.Mode.open) as database:
        mutants = _choose(database, copy, sample, seed)
    subprocess.run([*cosmic_ray, "exec", *files], cwd=copy, check=True)
    with use_db(session, WorkDB.Mode.open) as database:
        return RoomResult(mutants, tuple(_survivors(database)))


def _choose(database: WorkDB, copy: Path, sample: int, seed: int) -> int:
    """Leaves the mutants to run: a sample, and none that changes nothing."""
    work = {
        item.job_id: mutation
        for item in database.work_items
        for mutation in item.mutations
    }
    annotations = {
        path: list(_annotations(copy / path))
        for path in {mutation.module_path for mutation in work.values()}
    }
    kept = sorted(
        (job_id for job_id, m in work.items() if not _inside(m, annotations)),
        key=lambda job_id: _place(work[job_id]),
    )
    if sample:
        chosen = np.random.default_rng(seed).permutation(len(kept))[:sample]
        kept = [kept[index] for index in sorted(chosen)]
    database.set_multiple_results(
        [job_id for job_id in work if job_id not in set(kept)],
        WorkResult(WorkerOutcome.SKIPPED),
    )
    return len(kept)


def _place(mutation: MutationSpec) -> tuple[str, str, int]:
    path = str(mutation.module_path)
    return path, mutation.operator_name, mutation.occurrence


Span = tuple[tuple[int, int], tuple[int, int]]


def _annotations(path: Path) -> Iterator[Span]:
    """The type hints of a file: no program looks at them."""
    for node in ast.walk(ast.parse(path.read_text())):
        hint = None
        if isinstance(node, ast.arg | ast.AnnAssign):
            hint = node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            hint = node.returns
        if hint is not None:
            start = (hint.lineno, hint.col_offset)
            yield start, (hint.end_lineno or 0, hint.end_col_offset or 0)


def _inside(mutation: MutationSpec, spans: dict[Path, list[Span]]) -> bool:
    return any(
        start <= mutation.start_pos and mutation.end_pos <= end
        for start, end in spans[mutation.module_path]
    )


def _survivors(database: WorkDB) -> Iterator[Survivor]:
    mutants = {item.job_id: item.mutations[0] for item in database.work_items}
    for job_id, result in database.results:
        if result.worker_outcome == WorkerOutcome.SKIPPED or result.is_killed:
            continue
        lines = (result.diff or "").splitlines()[3:]
        yield Survivor(
            str(mutants[job_id].module_path),
            " ".join(x[1:].strip() for x in lines if x.startswith("-")),
            " ".join(x[1:].strip() for x in lines if x.startswith("+")),
        )


if __name__ == "__main__":
    sys.exit(main())
