"""Batch job: embeds all items of a catalogue."""

import functools
from pathlib import Path

from fndrec.distributed.embed_items import COLUMNS, EmbedItems, root_of
from fndrec.distributed.exported import Exported, version_of
from fndrec.distributed.job import JobResult, Workers, run_job
from fndrec.distributed.job_facts import about_job, check_sizes
from fndrec.distributed.parts import parts_of


def embed_catalogue(
    catalogue: str | Path,
    export_dir: str | Path,
    out: str | Path,
    *,
    photo_root: str | Path | None = None,
    rows_per_part: int = 2048,
    batch_size: int = 64,
    workers: Workers | None = None,
    progress: bool | None = None,
) -> JobResult:
    """Decodes and embeds all photos of a catalogue.

    A Ray Data pipeline: each actor loads the exported model once, and nothing
    but TensorFlow makes the vectors. Items that cannot be used are listed with
    the reason and fail nothing. Killed at any moment and called again, it
    does what is missing.

    Args:
        catalogue: A Parquet file or a folder of them, with the columns
            `item_id` and, as the model looks at them, `image` (paths
            relative to `photo_root`, or the bytes of photos), `feature`
            (lists of floats) and `category`.
        export_dir: Folder of `fndrec.export`; its newest version is used.
        out: Folder of the results, all files that are read or written being
            where each machine of a cluster sees them.
        photo_root: Where paths of photos start; the folder of the catalogue
            by default. Photos elsewhere are refused.
        rows_per_part: Rows of a file of the results at the most: what a kill
            can cost, and what an actor holds in memory.
        batch_size: Items embedded at once.
        workers: Who does it; by default one actor on this machine.
        progress: Whether a bar is shown; on a terminal by default.

    Returns:
        What was done. In `out/rows` are Parquet files with the columns
        `item_id` and `embedding`, in the order of the catalogue; in
        `out/bad.csv` the rows that are not among them.

    Raises:
        DataError: If the catalogue or the export cannot be used, or `out`
            holds results of something else.
        ModuleNotFoundError: If there are actors and no Ray.
        ValueError: If an argument is out of its range.

    Example:

    >>> done = fndrec.distributed.embed_catalogue(
    ...     "catalogue.parquet", "export", "vectors",
    ...     workers=fndrec.distributed.Workers(actors=8, address="auto"))
    >>> vectors = pyarrow.parquet.read_table(done.folder)
    """
    check_sizes(rows_per_part=rows_per_part, batch_size=batch_size)
    path = Path(catalogue)
    version = version_of(Path(export_dir))
    # The inputs of the model decide on the columns: before any long work.
    names = Exported(version, "embed_items").inputs
    columns = dict([COLUMNS["item_id"], *(COLUMNS[name] for name in names)])
    parts = parts_of(path, rows_per_part, columns)
    root = root_of(path) if photo_root is None else Path(photo_root).resolve()
    return run_job(
        functools.partial(EmbedItems, version, root, batch_size),
        parts,
        Path(out),
        about_job("embed", version, parts, photo_root=str(root)),
        workers or Workers(),
        progress,
    )
