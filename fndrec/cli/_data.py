"""Arguments that name data sets and models, and their loading."""

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

from fndrec.cli import _types
from fndrec.data import OutfitData, load_data
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender, load_model

MODEL_FILE = "model.keras"


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments for reading a data set."""
    parser.add_argument(
        "--on-error",
        choices=("raise", "drop"),
        default="raise",
        help="what to do with rows that cannot be used",
    )
    parser.add_argument(
        "--max-slots",
        type=_types.positive_int,
        default=None,
        help="items of an outfit at most (default: 8 of tables)",
    )
    parser.add_argument(
        "--photo-cache",
        type=Path,
        default=None,
        metavar="DIR",
        help="where decoded photos are kept (default: beside the data)",
    )


def add_ranking_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments for ranking: the likes and their competitors."""
    parser.add_argument(
        "--split", default="valid", help="name of the likes to rank"
    )
    parser.add_argument(
        "--negatives",
        type=_types.positive_int,
        default=10,
        help="outfits that each like is ranked against",
    )
    add_negative_sampling(parser)
    parser.add_argument(
        "--seed", type=_types.seed, default=0, help="of the candidates"
    )


def add_negative_sampling(parser: argparse.ArgumentParser) -> None:
    """Adds the argument for the kind of negatives."""
    parser.add_argument(
        "--negative-sampling",
        choices=("catalogue", "hard"),
        default=None,
        help="default: hard where users share outfits, else catalogue",
    )


@contextlib.contextmanager
def checked_arguments() -> Iterator[None]:
    """Reports an invalid argument as an error of the command line."""
    try:
        yield
    except ValueError as error:
        raise DataError(str(error)) from error


def read_data(args: argparse.Namespace, image_size: int | None) -> OutfitData:
    """Reads the data set of a command.

    Args:
        args: The parsed arguments.
        image_size: Side of the photos in pixels; `None` leaves photos alone.

    Returns:
        The data set, its photos loaded if it has any.
    """
    data = load_data(
        args.data_dir, on_error=args.on_error, max_slots=args.max_slots
    )
    if image_size is not None and data.photos is not None:
        data = data.with_photos(
            image_size, cache_dir=args.photo_cache, on_error=args.on_error
        )
    return data


def load_model_folder(folder: Path) -> OutfitRecommender:
    """Loads the model of a folder that `train` or `distill` made."""
    path = folder / MODEL_FILE
    if not path.is_file():
        raise DataError(
            f"{folder}: should be a folder that `fndrec train` or `fndrec "
            f"distill` made. Received: no file {MODEL_FILE} in it"
        )
    model: OutfitRecommender = load_model(path)
    if model.vocabulary is None:
        raise DataError(
            f"{path}: should know the ids of its users. Received: a model "
            "made without `from_data`"
        )
    return model


def image_size_of(model: OutfitRecommender) -> int | None:
    """Returns the side of a model's photos; `None` if it uses none."""
    tower = model.item_tower.towers.get("image")
    return None if tower is None else int(tower.image_size)


def read_lines(path: Path, what: str) -> list[str]:
    """Reads the non-empty lines of a text file.

    Args:
        path: The file.
        what: What a line is, for errors.

    Returns:
        The lines.

    Raises:
        DataError: If it is no text file, or has no line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: should be a text file, {what} a line. Received: {error}"
        ) from error
    found = [line for line in text.splitlines() if line]
    if not found:
        raise DataError(f"{path}: should hold {what} a line. Received: no line")
    return found
