"""Decode and embed all photos of a catalogue.

Parquet in and out, by an exported model, on one machine or on a Ray cluster.
Photos that cannot be used are listed with the reason and fail nothing. A
command that was killed does what is missing when it is run again. Actors need
the extra `ray`.
"""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._run import RunRecord
from fndrec.cli._workers import add_worker_arguments, report, workers
from fndrec.distributed import embed_catalogue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "catalogue",
        type=Path,
        metavar="CATALOGUE",
        help="Parquet file or folder of them, with the columns item_id and, "
        "as the model looks at them, image, feature and category",
    )
    parser.add_argument(
        "--export",
        dest="export_dir",
        type=Path,
        required=True,
        metavar="EXPORT_DIR",
        help="folder that `fndrec export` made",
    )
    parser.add_argument(
        "--photos",
        type=Path,
        default=None,
        metavar="DIR",
        help="folder that paths of photos start from (default: that of "
        "CATALOGUE)",
    )
    parser.add_argument(
        "--batch-size",
        type=_types.positive_int,
        default=64,
        help="items embedded at once",
    )
    add_worker_arguments(parser, rows=2048)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    record = RunRecord(args)
    done = embed_catalogue(
        args.catalogue,
        args.export_dir,
        args.out,
        photo_root=args.photos,
        rows_per_part=args.rows_per_part,
        batch_size=args.batch_size,
        workers=workers(args),
    )
    record.save(args.out, good=done.good, bad=done.bad, new=done.new)
    report(done)
