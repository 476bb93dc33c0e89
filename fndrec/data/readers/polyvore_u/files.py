"""The files of Polyvore-U, as distributed with Fashion-Hash-Net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fndrec.data.outfit_data import OnError
from fndrec.data.readers.checks.row_checks import BoolArray, RowChecks
from fndrec.data.readers.checks.source import check_file, check_folder
from fndrec.data.readers.formats.integer_rows import (
    read_header,
    read_integer_rows,
)
from fndrec.errors import DataError

CATEGORIES = ("top", "bottom", "shoe")
VARIANTS = ("630", "519", "53", "32")
SPLIT_NAMES = {"train": "train", "valid": "val", "test": "test"}
TUPLES = {split: f"tuples_{name}" for split, name in SPLIT_NAMES.items()}

_SLOTS = (CATEGORIES, ("top", *CATEGORIES))


@dataclass(frozen=True)
class Tuples:
    """The checked content of one file of tuples.

    Args:
        user: int64 array `(rows,)` of user numbers.
        items: int64 array `(rows, outfits, slots)` of rows of
            `PolyvoreUFiles.images`, -1 for no second top.
        row: int64 array `(rows,)` of rows in the file.
    """

    user: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]


class PolyvoreUFiles:
    """The files of one of the folders `tuples_*`, and the images beside it.

    Args:
        folder: A folder `tuples_*`, or the folder that holds it.
        variant: Number of users in the name of the folder. It is required if
            `folder` holds several.

    Attributes:
        root: The folder that holds `images`.
        tuples: The folder `tuples_*`.
        images: Names of the image files of all categories, in the order of
            `CATEGORIES`.
        sizes: Number of images by category.

    Raises:
        DataError: If a file is missing, or the choice of the folder is
            ambiguous.
    """

    def __init__(self, folder: Path, variant: str | None) -> None:
        check_folder(folder)
        self.tuples = tuples_folder(folder, variant)
        self.root = self.tuples.resolve().parent
        self.images: list[str] = []
        self.sizes: dict[str, int] = {}
        for category in CATEGORIES:
            names = _lines(self.image_list(category))
            self.images += names
            self.sizes[category] = len(names)
        train = self.tuples / "tuples_train_posi"
        check_file(train)
        columns = tuple(read_header(train))[1:]
        # `read` checks the rest of the header.
        self.slots = _SLOTS[1] if columns[:2] == ("top", "top") else _SLOTS[0]

    @property
    def item_ids(self) -> pa.StringArray:
        """Ids of the items: category and index, such as `top_17`."""
        return pa.array(
            [
                f"{category}_{index}"
                for category, size in self.sizes.items()
                for index in range(size)
            ],
            pa.string(),
        )

    @property
    def starts(self) -> dict[str, int]:
        """Position of the first image of each category in `images`."""
        ends = np.cumsum([0, *self.sizes.values()]).tolist()
        return dict(zip(self.sizes, ends, strict=False))

    def image_list(self, category: str) -> Path:
        """Returns the file with the names of a category's images."""
        return self.tuples / f"image_list_{category}"

    def image_place(self, row: int) -> str:
        """Returns the file and the line that name an image."""
        category, start = max(
            (pair for pair in self.starts.items() if pair[1] <= row),
            key=lambda pair: pair[1],
        )
        return f"{self.image_list(category)}, line {row - start + 1}"

    def read(
        self, name: str, on_error: OnError, repeats: int | None = 1
    ) -> Tuples:
        """Reads a file of tuples.

        Args:
            name: Name of the file.
            on_error: "raise" or "drop": how to treat an index out of range.
            repeats: Outfits per row, see `read_integer_rows`.

        Raises:
            DataError: If the file cannot be read, or (with
                `on_error="raise"`) an index is out of range.
        """
        path = self.tuples / name
        rows = read_integer_rows(path, ("user", *self.slots), repeats)
        checks = RowChecks(str(path), len(rows), on_error)
        users, items = rows[..., 0], rows[..., 1:].copy()
        mixed: BoolArray = np.any(users != users[:, :1], axis=1)
        checks.reject(
            users[:, 0] < 0,
            "user",
            "should not be negative",
            lambda row: int(users[row, 0]),
        )
        checks.reject(
            mixed,
            "user",
            "should be the same for all outfits of a row",
            lambda row: users[row].tolist(),
        )
        for slot, category in enumerate(self.slots):
            size = self.sizes[category]
            index = items[..., slot]
            second = slot == 1 and category == "top"
            bad = (index >= size) | (index < (-1 if second else 0))
            outside: BoolArray = np.any(bad, axis=1)
            checks.reject(
                outside,
                category,
                f"should be a line of {self.image_list(category).name}, 0 to "
                f"{size - 1}" + (", or -1 for no second top" * second),
                _first(index, bad),
            )
            items[..., slot] = np.where(
                index < 0, -1, index + self.starts[category]
            )
        keep = checks.keep
        return Tuples(users[keep, 0], items[keep], np.flatnonzero(keep))


def tuples_folder(folder: Path, variant: str | None) -> Path:
    """Returns the folder `tuples_*` of a variant.

    Raises:
        DataError: If there is none, or there are several and `variant` is
            None.
    """
    if (folder / "tuples_train_posi").is_file():
        return folder
    if variant is not None:
        tuples = folder / f"tuples_{variant}"
        check_folder(tuples)
        return tuples
    variants = sorted(
        path.name.removeprefix("tuples_")
        for path in folder.glob("tuples_*")
        if path.is_dir()
    )
    if len(variants) == 1:
        return folder / f"tuples_{variants[0]}"
    if not variants:
        raise DataError(
            f"{folder}: a folder tuples_{VARIANTS[0]} or another of "
            f"{', '.join(VARIANTS)} was expected. Received: none"
        )
    raise DataError(
        f"`variant` (--variant) should be one of {variants}, the folders "
        f"tuples_* of {folder}. Received: None"
    )


def _first(
    index: npt.NDArray[np.int64], bad: npt.NDArray[np.bool_]
) -> Callable[[int], object]:
    return lambda row: int(index[row][bad[row]][0])


def _lines(path: Path) -> list[str]:
    check_file(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: names of images, one per line, were expected. "
            f"Received: {error}"
        ) from None
    for number, line in enumerate(lines):
        # Otherwise the rows of a table would pass for names.
        if not line.strip() or "," in line:
            raise DataError(
                f"{path}, line {number + 1}: the name of an image was "
                f"expected. Received: {line[:200]!r}"
            )
    if not lines:
        raise DataError(
            f"{path}: names of images, one per line, were expected. "
            "Received: an empty file"
        )
    return lines
