"""Write a page about a run: data, training, quality, costs, scores, pictures.

RUN_DIR is a folder that `fndrec train` or `fndrec distill` made. The page is
one HTML file that needs nothing else, beside it (RUN_DIR/report.html) by
default. Of a synthetic shop, whose truth is known, it shows the truth.
"""

import argparse
import json
import logging
import shlex
from pathlib import Path
from typing import Any

from fndrec.cli import _types
from fndrec.cli._data import (
    MODEL_FILE,
    add_negative_sampling,
    load_model_folder,
    read_data,
)
from fndrec.cli._run import RUN_FILE, RunRecord
from fndrec.cli.audit import TRUTH_FILE
from fndrec.cli.compare import common_image_size
from fndrec.data import SyntheticTruth
from fndrec.errors import DataError
from fndrec.extras import require
from fndrec.models import OutfitRecommender
from fndrec.report import Report

# Commands whose folders it is about, and what their models are called.
NAMES = {"train": "teacher", "distill": "student"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument(
        "data_dir",
        type=Path,
        nargs="?",
        default=None,
        metavar="DATA_DIR",
        help="data set; default: that of the run",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        default=None,
        metavar="MODEL_DIR",
        help="folder of the teacher; default: that of the run, if it is there",
    )
    parser.add_argument(
        "--split",
        default=None,
        help="name of the likes to rank; default: test, else valid, else train",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=None,
        metavar="FILE.html",
        help="file to write; default: RUN_DIR/report.html",
    )
    parser.add_argument(
        "--negatives",
        type=_types.positive_int,
        default=10,
        help="outfits that each like is ranked against",
    )
    add_negative_sampling(parser)
    parser.add_argument(
        "--users",
        type=_types.non_negative_int,
        default=4,
        help="users that recommendations are shown for",
    )
    parser.add_argument(
        "--recommended",
        type=_types.positive_int,
        default=6,
        help="outfits recommended to each",
    )
    parser.add_argument(
        "--mistakes",
        type=_types.non_negative_int,
        default=6,
        help="worst mistakes shown",
    )
    parser.add_argument(
        "--costs",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure what the models cost",
    )
    parser.add_argument(
        "--seed",
        type=_types.seed,
        default=0,
        help="of the candidates and the bootstrap",
    )


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    run_record = _read_run(args.run_dir)
    out = args.run_dir / "report.html" if args.out is None else args.out
    if out.is_dir():
        raise DataError(f"--out should be a file. Received: {out}, a folder")
    try:
        require("jinja2", "report", "`fndrec report`")
    except ModuleNotFoundError as error:
        raise DataError(str(error)) from error
    record = RunRecord(args)
    _take_recorded(args, run_record)
    name = NAMES[run_record["command"]]
    model = load_model_folder(args.run_dir)
    if args.teacher is not None and name == "teacher":
        # One that was trained from another is a model like any.
        name = "model"
    teacher, notes = _teacher(args, run_record, name)
    models = {name: model} | ({} if teacher is None else {"teacher": teacher})
    data = read_data(args, common_image_size(models))
    print(data, flush=True)
    path = args.data_dir / TRUTH_FILE
    # TensorFlow warns here that a function is traced for each model anew.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    report = Report.from_model(
        model,
        data,
        teacher=teacher,
        name=name,
        split=args.split,
        run=run_record,
        truth=SyntheticTruth.load(path) if path.exists() else None,
        negatives=args.negatives,
        negative_sampling=args.negative_sampling,
        users=args.users,
        recommended=args.recommended,
        mistakes=args.mistakes,
        costs=args.costs,
        seed=args.seed,
        notes=notes,
        line=shlex.join(["fndrec", *args.words]),
    )
    print(report.evaluation)
    report.save(out)
    record.save(out.parent, metrics=report.to_dict())
    print(f"The page is {out}")


def _teacher(
    args: argparse.Namespace, run: dict[str, Any], name: str
) -> tuple[OutfitRecommender | None, list[str]]:
    """Loads the teacher, or returns a note that it is gone."""
    if args.teacher is not None:
        return load_model_folder(args.teacher), []
    recorded = run["arguments"].get("teacher")
    if recorded is None:
        return None, []
    if (Path(recorded) / MODEL_FILE).is_file():
        return load_model_folder(Path(recorded)), []
    note = (
        f"The teacher is no longer in {recorded}, so it is left out, and the "
        f"{name} itself judges its negatives."
    )
    print(note, flush=True)
    return None, [note]


def _read_run(folder: Path) -> dict[str, Any]:
    """Reads the `run.json` of a folder of `train` or `distill`."""
    expected = (
        f"{folder}: should be a folder that `fndrec train` or `fndrec "
        "distill` made. Received: "
    )
    path = folder / RUN_FILE
    if not path.is_file():
        raise DataError(f"{expected}no file {RUN_FILE} in it")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{expected}a {RUN_FILE} that is no JSON") from error
    if (
        not isinstance(found, dict)
        or found.get("command") not in NAMES
        or not isinstance(found.get("arguments"), dict)
        or not isinstance(found.get("history"), dict)
    ):
        command = found.get("command") if isinstance(found, dict) else None
        raise DataError(f"{expected}a {RUN_FILE} of {command!r}")
    return found


def _take_recorded(args: argparse.Namespace, run: dict[str, Any]) -> None:
    """Fills in the data arguments that the run recorded."""
    recorded = run["arguments"]
    if args.data_dir is None:
        args.data_dir = Path(recorded["data_dir"])
        if not args.data_dir.is_dir():
            raise DataError(
                "DATA_DIR should be given where the data set of the run is "
                f"no longer in place. Received: none, and {args.run_dir} was "
                f"made from {args.data_dir}"
            )
    args.on_error = recorded["on_error"]
    args.max_slots = recorded["max_slots"]
    cache = recorded["photo_cache"]
    args.photo_cache = None if cache is None else Path(cache)
