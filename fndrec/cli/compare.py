"""Compare models by quality and cost."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    add_ranking_arguments,
    image_size_of,
    load_model_folder,
    read_data,
)
from fndrec.cli._run import RunRecord
from fndrec.errors import DataError
from fndrec.evaluation import compare
from fndrec.files import atomic_write
from fndrec.models import OutfitRecommender


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "model_dirs",
        nargs="+",
        metavar="MODEL_DIR",
        help="folders of the models; others are compared with the first",
    )
    parser.add_argument(
        "--data",
        dest="data_dir",
        type=Path,
        required=True,
        metavar="DATA_DIR",
        help="data set whose likes are ranked",
    )
    add_ranking_arguments(parser)
    parser.add_argument(
        "--repetitions",
        type=_types.positive_int,
        default=20,
        help="how often each call is timed",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=None,
        metavar="DIR",
        help="folder for comparison.json, .md and .png; default: only print "
        "the table",
    )
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    out: Path | None = args.out
    if out is not None and out.exists() and not out.is_dir():
        raise DataError(f"{out}: should be a folder. Received: a file")
    record = RunRecord(args)
    # Words, not paths, as the record keeps them.
    folders = [Path(word) for word in args.model_dirs]
    models = {
        name: load_model_folder(folder)
        for name, folder in zip(model_names(folders), folders, strict=True)
    }
    data = read_data(args, common_image_size(models))
    # TensorFlow warns here that a function is traced for each model anew.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    found = compare(
        models,
        data,
        args.split,
        negatives=args.negatives,
        negative_sampling=args.negative_sampling,
        seed=args.seed,
        repetitions=args.repetitions,
    )
    print(found)
    if out is not None:
        # First what can fail.
        found.plot(out / "comparison.png")
        found.to_json(out / "comparison.json")
        atomic_write(out / "comparison.md", f"{found}\n")
        record.save(out, metrics=found.evaluation.to_dict())


def model_names(folders: Sequence[Path]) -> list[str]:
    """Returns names of models: their folders, or their paths if ambiguous.

    Args:
        folders: The folders.

    Returns:
        A name for each.

    Raises:
        DataError: If a folder is given twice.
    """
    resolved = [folder.resolve() for folder in folders]
    for i, folder in enumerate(resolved):
        if folder in resolved[:i]:
            raise DataError(
                "MODEL_DIR should be different folders. "
                f"Received: {folders[i]} twice"
            )
    names = [folder.name for folder in resolved]
    if len(set(names)) == len(names):
        return names
    return [str(folder) for folder in folders]


def common_image_size(models: dict[str, OutfitRecommender]) -> int | None:
    """Returns the side of the models' photos; `None` if none uses photos.

    Args:
        models: The models by name.

    Returns:
        The size in pixels.

    Raises:
        DataError: If they look at photos of several sizes.
    """
    sizes = {name: image_size_of(model) for name, model in models.items()}
    asked = {name: size for name, size in sizes.items() if size is not None}
    if len(set(asked.values())) > 1:
        raise DataError(
            "The models should look at photos of one size. Received: "
            + ", ".join(f"{name} {size}" for name, size in asked.items())
        )
    return next(iter(asked.values()), None)
