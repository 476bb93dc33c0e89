"""Export a model as a SavedModel that needs only TensorFlow."""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    image_size_of,
    load_model_folder,
    read_data,
    read_lines,
)
from fndrec.cli._run import RunRecord
from fndrec.errors import DataError
from fndrec.serving import export
from fndrec.serving.export.precision import PRECISIONS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("export_dir", type=Path, metavar="EXPORT_DIR")
    parser.add_argument(
        "--data",
        dest="data_dir",
        type=Path,
        default=None,
        metavar="DATA_DIR",
        help="bake the outfits of this data set in, to recommend from",
    )
    parser.add_argument(
        "--version",
        type=_types.positive_int,
        default=None,
        metavar="N",
        help="version to write (default: one more than the highest there)",
    )
    parser.add_argument(
        "--index",
        type=Path,
        default=None,
        metavar="FILE",
        help="text file of the outfits to recommend from, an id a line "
        "(default: all outfits of the data)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=None,
        help="what the SavedModel computes in (default: as the model does)",
    )
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    if args.index is not None and args.data_dir is None:
        raise DataError(
            f"--index: should be given with --data. Received: {args.index} "
            "alone"
        )
    record = RunRecord(args)
    model = load_model_folder(args.model_dir)
    data = None
    if args.data_dir is not None:
        data = read_data(args, image_size_of(model))
    path = export(
        model,
        args.export_dir,
        data,
        args.version,
        index=None
        if args.index is None
        else read_lines(args.index, "an outfit id"),
        precision=args.precision,
    )
    record.save(path.parent, saved_model=str(path))
    print(f"The SavedModel is in {path}")
