"""Evaluation in large batches, and candidate by candidate."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.generated import outfit_data, with_noise
from benchmarks.common.report import Section
from benchmarks.performance.harness import Timing, peak_mib
from benchmarks.performance.naive import auc_user_by_user
from benchmarks.performance.table import record, section
from fndrec import FNDTeacher, OutfitData
from fndrec.data import load_data
from fndrec.evaluation import Candidates, SampledNegatives, evaluate

IMAGE_SIZE = 64
NEGATIVES = 10
# The plain way would take hours for all.
NAIVE_LIKES = 40


def run(
    folder: Path,
    quick: bool,
    wardrobe: Path | None = None,
    ifashion: Path | None = None,
) -> tuple[list[Section], dict[str, Any]]:
    """Times `evaluate`.

    Args:
        folder: Where photos are kept.
        quick: Whether to do little.
        wardrobe: A data set with photos; generated if not given.
        ifashion: A data set without, of many likes; left out if not given.

    Returns:
        Tables, and what is in them as data.
    """
    if wardrobe is None or quick:
        data = with_noise(
            outfit_data(items=1000, likes=500, valid=200, users=50),
            folder,
            IMAGE_SIZE,
        )
    else:
        data = load_data(wardrobe).with_photos(
            IMAGE_SIZE, cache_dir=folder / "photos"
        )
    sections, records = [], []
    parts = [("with photos", data, True)]
    if ifashion is not None and not quick:
        parts.append(("without photos", load_data(ifashion), False))
    for label, one, naive in parts:
        timings, likes = time_evaluation(one, naive)
        title = f"Evaluation of {likes:,} likes, {label}"
        text = (
            f"Teacher, {NEGATIVES} negatives and 4 choices for the blank a "
            "like, drawing of candidates included, once."
        )
        if naive:
            text += (
                " Candidate by candidate, each with its photos, was timed for "
                f"some {NAIVE_LIKES} likes and is given for all, without the "
                "choices."
            )
        sections.append(section(title, text, timings))
        records.append(record(title, timings, likes=likes))
    return sections, {"evaluation": records}


def time_evaluation(data: OutfitData, naive: bool) -> tuple[list[Timing], int]:
    """Times an evaluation, and the plain way if photos are few enough.

    Args:
        data: The data set.
        naive: Whether to time the plain way too.

    Returns:
        The timings, and the number of likes ranked.
    """
    teacher = FNDTeacher.from_data(data)
    candidates = Candidates.from_data(data, "valid", NEGATIVES)
    likes = len(candidates.user)
    # What is traced once stands not for the time of an evaluation.
    teacher.score_sets(data, np.array([0]), candidates.outfits[:1])
    started = time.perf_counter()
    found = evaluate(
        teacher,
        data,
        "valid",
        protocol=SampledNegatives(),
        baselines=False,
    )
    timings = [Timing("fndrec", (time.perf_counter() - started,), peak_mib())]
    if not naive:
        return timings, likes
    users = np.unique(candidates.user)
    count = np.cumsum([(candidates.user == user).sum() for user in users])
    users = users[: int(np.searchsorted(count, NAIVE_LIKES)) + 1]
    done = int(np.isin(candidates.user, users).sum())
    started = time.perf_counter()
    auc = auc_user_by_user(teacher, data, candidates, users)
    seconds = (time.perf_counter() - started) * likes / done
    timings.append(Timing("candidate by candidate", (seconds,), peak_mib()))
    assert np.isfinite([auc, found.metrics["model"]["auc"]]).all()
    return timings, likes
