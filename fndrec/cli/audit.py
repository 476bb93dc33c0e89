"""Find the outfits not known to be liked that users probably like.

FILE.csv has the columns user_id, outfit_id (empty for an outfit that the
catalogue does not have), item_ids joined by `;`, distance_zscore and
probability, the most probable likes first. For a synthetic shop, whose truth is
known, the command also prints how many of them are truly liked.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    add_negative_sampling,
    image_size_of,
    load_model_folder,
    read_data,
)
from fndrec.cli._run import RunRecord
from fndrec.data import SyntheticTruth
from fndrec.data.readers.tables.csv import read_csv_file
from fndrec.errors import DataError
from fndrec.evaluation import audit_negatives

TRUTH_FILE = "truth.npz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE.csv",
        help="file to write",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace FILE.csv if it is there",
    )
    parser.add_argument(
        "--pairs",
        type=Path,
        default=None,
        metavar="PAIRS.csv",
        help="what to audit: user_id, and outfit_id or item_ids; default: "
        "negatives drawn for the likes of --split",
    )
    parser.add_argument(
        "--split", default="train", help="likes that negatives are drawn for"
    )
    parser.add_argument(
        "--negatives",
        type=_types.positive_int,
        default=20,
        help="outfits drawn for each like",
    )
    add_negative_sampling(parser)
    parser.add_argument(
        "--calibration",
        default="valid",
        metavar="SPLIT",
        help="likes that the model was not trained on",
    )
    parser.add_argument(
        "--prior",
        type=_types.positive_float,
        default=None,
        help="share of true likes among such outfits; default: estimated, "
        "rather too high than too low",
    )
    parser.add_argument(
        "--seed", type=_types.seed, default=0, help="of the negatives"
    )
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    _check_new_file(args.out, args.overwrite)
    record = RunRecord(args)
    model = load_model_folder(args.model_dir)
    pairs = None if args.pairs is None else read_pairs(args.pairs)
    path = args.data_dir / TRUTH_FILE
    truth = SyntheticTruth.load(path) if path.exists() else None
    data = read_data(args, image_size_of(model))
    try:
        audit = audit_negatives(
            model,
            data,
            pairs,
            split=args.split,
            negatives=args.negatives,
            negative_sampling=args.negative_sampling,
            calibration=args.calibration,
            prior=args.prior,
            seed=args.seed,
        )
    except (ModuleNotFoundError, ValueError) as error:
        raise DataError(str(error)) from error
    print(audit)
    metrics: dict[str, Any] = {
        "pairs": len(audit),
        "prior": audit.chance.prior,
        "prior_bound": audit.chance.prior_bound,
        "expected_likes": audit.expected,
    }
    if truth is not None:
        liked = truth.aligned(data).liked(audit.user, audit.outfits)
        if liked.any():
            found = audit.precision_recall(liked)
            print(found)
            metrics["truth"] = {
                name: value
                for name, value in vars(found).items()
                if not isinstance(value, np.ndarray)
            }
    audit.to_csv(args.out)
    record.save(args.out.parent, metrics=metrics)
    print(f"The pairs are in {args.out}")


def read_pairs(path: Path) -> list[tuple[str, str | list[str]]]:
    """Reads pairs of a user and an outfit, given by its id or its items.

    Args:
        path: A CSV file.

    Returns:
        The pairs as `audit_negatives` takes them.

    Raises:
        DataError: If the file cannot be read or lacks a column.
    """
    table = read_csv_file(path, ("user_id",))
    users = table["user_id"].to_pylist()
    if "item_ids" in table.column_names:
        sets = [ids.split(";") for ids in table["item_ids"].to_pylist()]
        return list(zip(users, sets, strict=True))
    if "outfit_id" in table.column_names:
        return list(zip(users, table["outfit_id"].to_pylist(), strict=True))
    raise DataError(
        f"{path}: a column `outfit_id` or `item_ids` was expected. "
        f"Received: columns {table.column_names}"
    )


def _check_new_file(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise DataError(f"{path}: should be a file. Received: a folder")
    if path.exists() and not overwrite:
        raise DataError(
            f"{path}: should be a new file. Received: a file that is there; "
            "--overwrite replaces it"
        )
