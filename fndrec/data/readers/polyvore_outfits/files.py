"""The files of Polyvore Outfits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fndrec.data.readers.checks.source import check_folder
from fndrec.data.readers.formats.json_files import load_json, text_id
from fndrec.errors import DataError

VARIANTS = ("nondisjoint", "disjoint")
USER = "anonymous"
SPLIT_FILES = {name: f"{name}.json" for name in ("train", "valid", "test")}


class PolyvoreOutfitsFiles:
    """The files of one of the two variants of Polyvore Outfits.

    Args:
        folder: The folder `polyvore_outfits`, or a variant's folder in it.
        variant: "nondisjoint" or "disjoint".

    Attributes:
        root: The folder `polyvore_outfits`.
        folder: The folder of the variant.

    Raises:
        DataError: If there is no such folder.
    """

    def __init__(self, folder: Path, variant: str | None) -> None:
        if variant not in (None, *VARIANTS):
            raise DataError(
                f"`variant` (--variant) should be one of {list(VARIANTS)}. "
                f"Received: variant={variant!r}"
            )
        check_folder(folder)
        if variant is None and (folder / SPLIT_FILES["train"]).is_file():
            self.folder = folder
        else:
            self.folder = folder / (variant or VARIANTS[0])
            check_folder(self.folder)
        self.root = self.folder.resolve().parent

    def outfits(self, split: str) -> list[tuple[str, list[tuple[str, str]]]]:
        """Reads the outfits of a split.

        Returns:
            The id and the items of each outfit. An item has an id and an
            index in the outfit, as in the token `199244701_1`.

        Raises:
            DataError: If the file is missing or malformed.
        """
        path = self.folder / SPLIT_FILES[split]
        outfits = []
        for row, entry in enumerate(load_list(path), 1):
            place = f"{path}, row {row}"
            name = text_id(entry.get("set_id"))
            items = entry.get("items")
            if not name or not isinstance(items, list):
                raise DataError(
                    f"{place}: an object with `set_id` and a list `items` "
                    f"was expected. Received: keys {list(entry)[:10]}"
                )
            pairs = []
            for item in items:
                item_id, index = (
                    (text_id(item.get(key)) for key in ("item_id", "index"))
                    if isinstance(item, dict)
                    else (None, None)
                )
                if not item_id or index is None:
                    raise DataError(
                        f"{place}: objects with `item_id` and `index` were "
                        f"expected in `items`. Received: {str(item)[:100]}"
                    )
                pairs.append((item_id, index))
            outfits.append((name, pairs))
        return outfits

    def metadata(self) -> dict[str, Any]:
        """Reads the metadata of the items by id.

        Raises:
            DataError: If the file is missing or malformed.
        """
        path = self.root / "polyvore_item_metadata.json"
        metadata = load_json(path)
        if not isinstance(metadata, dict):
            raise DataError(
                f"{path}: an object with one entry per item was expected. "
                f"Received: {type(metadata).__name__}"
            )
        return metadata


def load_list(path: Path) -> list[dict[str, Any]]:
    """Reads a list of objects from a JSON file.

    Raises:
        DataError: If the file is missing or malformed.
    """
    entries = load_json(path)
    if not isinstance(entries, list):
        raise DataError(
            f"{path}: a list of objects was expected. "
            f"Received: {type(entries).__name__}"
        )
    for row, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise DataError(
                f"{path}, row {row}: an object was expected. "
                f"Received: {str(entry)[:100]!r}"
            )
    return entries
