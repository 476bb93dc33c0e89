"""Arguments of the batch jobs."""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.distributed import JobResult, Workers
from fndrec.errors import DataError
from fndrec.extras import require


def add_worker_arguments(parser: argparse.ArgumentParser, rows: int) -> None:
    """Adds the arguments for outputs and workers."""
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the results; one of the same job that was stopped is "
        "taken up where it was left",
    )
    parser.add_argument(
        "--actors",
        type=_types.non_negative_int,
        default=1,
        metavar="N",
        help="processes that each load the model once; 0 for this one alone, "
        "without Ray",
    )
    parser.add_argument(
        "--address",
        default=None,
        help='address of a Ray cluster, or "auto" (default: this machine '
        "alone)",
    )
    parser.add_argument(
        "--cpus-per-actor",
        type=_types.positive_int,
        default=1,
        metavar="N",
        help="CPU cores, and threads of TensorFlow, of an actor",
    )
    parser.add_argument(
        "--gpus-per-actor",
        type=_types.non_negative_float,
        default=0.0,
        metavar="X",
        help="GPUs of an actor, such as 1 or 0.25",
    )
    parser.add_argument(
        "--rows-per-part",
        type=_types.positive_int,
        default=rows,
        metavar="N",
        help="rows of a file of the results at the most: what a kill can cost",
    )


def workers(args: argparse.Namespace) -> Workers:
    """Returns the requested workers.

    Raises:
        DataError: If there are actors and no Ray.
    """
    if args.actors:
        try:
            require("ray", "ray", "Work with actors (--actors 0 needs none)")
        except ModuleNotFoundError as error:
            raise DataError(str(error)) from error
    return Workers(
        args.actors, args.address, args.cpus_per_actor, args.gpus_per_actor
    )


def report(done: JobResult) -> None:
    """Prints the result of a job."""
    print(
        f"{done.good:,} rows are in {done.folder}, {done.new:,} rows were new"
    )
    if done.bad:
        print(f"{done.bad:,} rows could not be used: see {done.bad_file}")
