"""Batch job: recommends outfits to all users."""

import functools
from pathlib import Path

from fndrec.distributed.exported import Exported, version_of
from fndrec.distributed.job import JobResult, Workers, run_job
from fndrec.distributed.job_facts import about_job, check_sizes
from fndrec.distributed.parts import parts_of
from fndrec.distributed.recommend_users import RecommendUsers


def recommend_all(
    export_dir: str | Path,
    users: str | Path,
    out: str | Path,
    *,
    k: int = 10,
    rows_per_part: int = 8192,
    batch_size: int = 256,
    workers: Workers | None = None,
    progress: bool | None = None,
) -> JobResult:
    """Recommends outfits of the exported catalogue to all users.

    As `embed_catalogue`, with users in place of items.

    Args:
        export_dir: Folder of `fndrec.export(..., data=data)`; its newest
            version is used.
        users: A Parquet file or a folder of them, with the column `user_id`.
            A user not known gets what the cold-start user does.
        out: Folder of the results.
        k: Outfits for each user.
        rows_per_part: Users of a file of the results at the most.
        batch_size: Users ranked at once. Each has a score for all outfits
            meanwhile: `4 * batch_size * outfits` bytes.
        workers: Who does it; by default one actor on this machine.
        progress: Whether a bar is shown; on a terminal by default.

    Returns:
        What was done. In `out/rows` are Parquet files with the columns
        `user_id`, `known`, and the lists `outfit_id` and `score`, best
        first; in `out/bad.csv` the rows without an id.

    Raises:
        DataError: If the users or the export cannot be used, or `out` holds
            results of something else.
        ModuleNotFoundError: If there are actors and no Ray.
        ValueError: If an argument is out of its range.

    Example:

    >>> done = fndrec.distributed.recommend_all(
    ...     "export", "users.parquet", "recommended", k=20)
    """
    check_sizes(k=k, rows_per_part=rows_per_part, batch_size=batch_size)
    version = version_of(Path(export_dir))
    parts = parts_of(Path(users), rows_per_part, {"user_id": ("strings",)})
    Exported(version, "recommend")  # that it can, before any long work
    return run_job(
        functools.partial(RecommendUsers, version, k, batch_size),
        parts,
        Path(out),
        about_job("recommend-all", version, parts, k=k),
        workers or Workers(),
        progress,
    )
