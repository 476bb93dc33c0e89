"""Runs, each kept in a file: a study that is stopped goes on where it was."""

import concurrent.futures
import dataclasses
import functools
import multiprocessing
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ablation.variant import Variant
from benchmarks.common.records import Records
from benchmarks.common.worlds import Places, load_world

# A process that has traced so many models has grown large.
RUNS_A_PROCESS = 30


@dataclass(frozen=True)
class Run:
    """A student, or a teacher where there is no variant.

    Attributes:
        world: Name of the data set.
        variant: How the student is taught.
        seed: Seed of weights and batches.
        final: Whether it is judged on likes that no choice has seen.
        teacher: Name of the teacher, where there is no variant.
    """

    world: str
    variant: Variant | None
    seed: int
    final: bool = False
    teacher: str = "large"

    @property
    def name(self) -> str:
        """The name of its record among those of its world."""
        kind = "final" if self.final else "choice"
        if self.variant is None:
            return f"teacher-{self.teacher}-{self.seed}"
        label = "".join(
            c if c.isalnum() or c in ".-" else "_" for c in self.variant.name
        )
        return f"{kind}--{label}--{self.seed}"

    def records(self, out: Path) -> Records:
        """The records of its world."""
        return Records(out / "runs" / f"{self.world}.jsonl")

    def settings(self) -> dict[str, Any]:
        """What its record must say to be its record."""
        found = dataclasses.asdict(self)
        if self.variant is not None:
            found["variant"] = self.variant.to_dict()
        return found

    def record(self, out: Path) -> dict[str, Any] | None:
        """Its record, `None` if it has not been done as it is now."""
        record = self.records(out).read().get(self.name)
        if record is None or record["settings"] != self.settings():
            return None
        return record


def teacher_path(out: Path, world: str, name: str) -> Path:
    """The file of a teacher."""
    return out / "teachers" / f"{world}--{name}.keras"


def teachers_of(runs: Iterable[Run]) -> list[Run]:
    """The runs of the teachers that students are taught by, in order."""
    teachers = {
        Run(run.world, None, 0, True, run.variant.teacher)
        for run in runs
        if run.variant is not None
    }
    return sorted(teachers, key=lambda run: (run.world, run.teacher))


def do_all(runs: Iterable[Run], places: Places, workers: int) -> None:
    """Does what has not been done, teachers first.

    Args:
        runs: The runs.
        places: Where things are.
        workers: How many at once, each with one thread.
    """
    runs = list(dict.fromkeys(runs))
    missing = [run for run in runs if run.record(places.out) is None]
    # A kept record is no teacher: it is trained anew where a student asks.
    asked = [run for run in teachers_of(missing) if not _is_kept(run, places)]
    teachers = teachers_of(runs)
    missing_teachers = [
        run
        for run in teachers
        if run in asked or run.record(places.out) is None
    ]
    for part, todo in ((teachers, missing_teachers), (runs, missing)):
        if not todo:
            continue
        print(f"{len(todo)} of {len(part)} runs to do", flush=True)
        started = time.time()
        done = 0
        # Not `max_tasks_per_child`: Python 3.11 can wait for ever then.
        for start in range(0, len(todo), workers * RUNS_A_PROCESS):
            with concurrent.futures.ProcessPoolExecutor(
                workers, mp_context=multiprocessing.get_context("spawn")
            ) as pool:
                for future in concurrent.futures.as_completed(
                    pool.submit(do_one, run, places)
                    for run in todo[start : start + workers * RUNS_A_PROCESS]
                ):
                    done += 1
                    print(
                        f"{done}/{len(todo)} {time.time() - started:.0f}s "
                        f"{future.result()}",
                        flush=True,
                    )


def _is_kept(teacher: Run, places: Places) -> bool:
    """Whether the file of a teacher is there."""
    return teacher_path(places.out, teacher.world, teacher.teacher).exists()


def do_one(run: Run, places: Places) -> str:
    """Does one run and keeps its record.

    Args:
        run: The run.
        places: Where things are.

    Returns:
        A line that says how it went.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    from benchmarks.ablation.students import (
        train_student,
        train_teacher,
        true_auc,
    )
    from fndrec.files import atomic_path

    _single_thread()
    started = time.time()
    keras.utils.clear_session()
    world = load_world(run.world, places)
    record: dict[str, Any] = {"settings": run.settings()}
    model: Any
    if run.variant is None:
        model = train_teacher(world, run.teacher, run.seed)
        with atomic_path(
            teacher_path(places.out, run.world, run.teacher)
        ) as draft:
            # Keras looks at the ending.
            named = draft.with_suffix(".part.keras")
            model.save(named)
            named.rename(draft)
    else:
        teacher = _teacher(
            teacher_path(places.out, run.world, run.variant.teacher)
        )
        model, history, best = train_student(
            world, teacher, run.variant, run.seed
        )
        record |= {
            "valid_auc": best,
            "history": [round(value, 4) for value in history],
        }
    record["parameters"] = _parameters(model)
    if run.final:
        record |= _final_metrics(model, world)
        if world.truth is not None:
            record["true_auc_by_user"] = _rounded(true_auc(model, world))
    record["seconds"] = round(time.time() - started, 1)
    run.records(places.out).add(run.name, record)
    name = run.variant.name if run.variant else f"teacher {run.teacher}"
    found = record.get("valid_auc", record.get("test_auc", float("nan")))
    return (
        f"{run.world} {name} seed {run.seed}: {found:.4f} "
        f"({record['seconds']:.0f} s)"
    )


def _final_metrics(model: Any, world: Any) -> dict[str, Any]:
    from fndrec.evaluation import Candidates
    from fndrec.evaluation.user_metrics import metrics_by_user

    candidates = Candidates.from_data(world.data, "test", 10, seed=1)
    scores = model.score_sets(
        world.data,
        world.data.user_index[candidates.user],
        candidates.outfits,
    )
    by_user = metrics_by_user(candidates.user, scores)
    return {
        "test_auc": float(np.nanmean(by_user["auc"])),
        "test_ndcg": float(np.nanmean(by_user["ndcg"])),
        "auc_by_user": _rounded(by_user["auc"]),
    }


def _rounded(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(v) else round(float(v), 5) for v in values]


def _parameters(model: Any) -> int:
    """Parameters without the user table and the contrastive head."""
    parts = (model.item_tower, model.aggregator)
    return int(sum(part.count_params() for part in parts))


@functools.lru_cache(maxsize=2)
def _teacher(path: Path) -> Any:
    from fndrec import load_model

    return load_model(path)


@functools.cache
def _single_thread() -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
