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
    """One of the two divisions of Polyvore Outfits.

    Args:
        folder: The folder `polyvore_outfits`, or a division's folder in it.
        variant: "nondisjoint" or "disjoint".

    Attributes:
        root: The folder `polyvore_outfits`.
        folder: The folder of the division.

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
            The id of each and its items: id, and the index that tokens such
            as `199244701_1` call it by.

        Raises:
            DataError: If the file is missing or has another form.
        """
        path = self.folder / SPLIT_FILES[split]
        found = []
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
            found.append((name, pairs))
        return found

    def metadata(self) -> dict[str, Any]:
        """Reads what is known of the items.

        Raises:
            DataError: If the file is missing or has another form.
        """
        path = self.root / "polyvore_item_metadata.json"
        found = load_json(path)
        if not isinstance(found, dict):
            raise DataError(
                f"{path}: an object with an entry an item was expected. "
                f"Received: {type(found).__name__}"
            )
        return found


def load_list(path: Path) -> list[dict[str, Any]]:
    """Reads a JSON file of a list of objects.

    Raises:
        DataError: If it is none.
    """
    found = load_json(path)
    if not isinstance(found, list):
        raise DataError(
            f"{path}: a list of objects was expected. "
            f"Received: {type(found).__name__}"
        )
    for row, entry in enumerate(found, 1):
        if not isinstance(entry, dict):
            raise DataError(
                f"{path}, row {row}: an object was expected. "
                f"Received: {str(entry)[:100]!r}"
            )
    return found
