"""Export a model for devices without TensorFlow.

Writes item tower, aggregator and table of users for LiteRT, in floats and
where that holds in 8 bits, and for ONNX (the extra `onnx`), and compares each
with the model.
"""

import argparse
import logging
from pathlib import Path

from fndrec.cli._data import (
    add_data_arguments,
    image_size_of,
    load_model_folder,
    read_data,
)
from fndrec.cli._run import RunRecord
from fndrec.errors import DataError
from fndrec.serving import DeviceFile, export_on_device, with_precision
from fndrec.serving.device.on_device import RUNTIMES, check_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("device_dir", type=Path, metavar="DEVICE_DIR")
    parser.add_argument(
        "--data",
        dest="data_dir",
        type=Path,
        required=True,
        metavar="DATA_DIR",
        help="data set whose items and outfits the files are compared on",
    )
    parser.add_argument(
        "--runtimes",
        nargs="+",
        choices=RUNTIMES,
        default=list(RUNTIMES),
        metavar="RUNTIME",
        help=f"of {', '.join(RUNTIMES)}",
    )
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    try:
        check_target(args.device_dir, args.runtimes)
    except ModuleNotFoundError as error:
        raise DataError(f"{error}, or --runtimes litert") from error
    record = RunRecord(args)
    model = load_model_folder(args.model_dir)
    if model.item_tower.compute_dtype != "float32":
        # Small runtimes have no bfloat16; the weights are float32 anyway.
        model = with_precision(model, "float32")
    data = read_data(args, image_size_of(model))
    # The converters tell of their every step.
    for name in ("tensorflow", "tf2onnx"):
        logging.getLogger(name).setLevel(logging.WARNING)
    files = export_on_device(model, args.device_dir, data, args.runtimes)
    record.save(args.device_dir)
    print(_table(files))
    print(f"The files are in {args.device_dir}")


def _table(files: list[DeviceFile]) -> str:
    """Formats one line per written file."""
    lines = [f"{'file':26}{'kB':>8}{'difference':>12}{'cosine':>10}"]
    for file in files:
        name = file.name or f"(no {file.part} {file.kind})"
        lines.append(
            f"{name:26}{(file.bytes or 0) / 1000:8.1f}"
            f"{file.difference or 0:12.1e}{file.cosine or 0:10.6f}"
            + (f"  {file.reason}" if file.reason else "")
        )
    return "\n".join(lines)
