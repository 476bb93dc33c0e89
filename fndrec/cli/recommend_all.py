"""Recommend outfits to all users with an exported model.

Parquet in and out, on one machine or on a Ray cluster. A command that was
killed does what is missing when it is run again. Actors need the extra `ray`.
"""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._run import RunRecord
from fndrec.cli._workers import add_worker_arguments, report, workers
from fndrec.distributed import recommend_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "export_dir",
        type=Path,
        metavar="EXPORT_DIR",
        help="folder that `fndrec export --data` made",
    )
    parser.add_argument(
        "--users",
        type=Path,
        required=True,
        metavar="PARQUET",
        help="Parquet file or folder of them, with the column user_id",
    )
    parser.add_argument(
        "-k",
        type=_types.positive_int,
        default=10,
        metavar="K",
        help="outfits for each user",
    )
    parser.add_argument(
        "--batch-size",
        type=_types.positive_int,
        default=256,
        help="users ranked at once",
    )
    add_worker_arguments(parser, rows=8192)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    record = RunRecord(args)
    done = recommend_all(
        args.export_dir,
        args.users,
        args.out,
        k=args.k,
        rows_per_part=args.rows_per_part,
        batch_size=args.batch_size,
        workers=workers(args),
    )
    record.save(args.out, good=done.good, bad=done.bad, new=done.new)
    report(done)
