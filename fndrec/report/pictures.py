"""Outfits with their photos, for the template."""

import base64
import dataclasses
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fndrec.data import OutfitData
from fndrec.data.photos.decode import read_photo
from fndrec.errors import DataError

# Side of a photo in pixels, twice that on the page, for sharp screens.
SIDE = 112
QUALITY = 82


@dataclasses.dataclass(frozen=True)
class Item:
    """An item with its photo.

    Attributes:
        name: Its id.
        category: Its category; empty if it is not known.
        photo: The photo as a data URI; None if there is none.
    """

    name: str
    category: str
    photo: str | None

    @property
    def text(self) -> str:
        """The alternative text of the photo."""
        return f"{self.name} ({self.category})" if self.category else self.name


@dataclasses.dataclass(frozen=True)
class Outfit:
    """An outfit with its caption.

    Attributes:
        items: Its items.
        name: Its id; empty if the catalogue has none such.
        score: Its score; None to leave it out.
        notes: What is said of it, each with its kind: `"good"`, `"bad"` or
            `"plain"`.
    """

    items: list[Item]
    name: str
    score: float | None
    notes: list[tuple[str, str]]


class Pictures:
    """Prepares outfits of a data set for the template.

    Args:
        data: The data set; photos need not be loaded.
    """

    def __init__(self, data: OutfitData) -> None:
        self.data = data
        self._items: dict[int, Item] = {}

    def outfit(
        self,
        rows: np.ndarray,
        name: str = "",
        score: float | None = None,
        notes: Sequence[tuple[str, str]] = (),
    ) -> Outfit:
        """Prepares an outfit from item rows.

        Args:
            rows: `(slots,)` item rows, -1 padding.
            name: Its id.
            score: Its score.
            notes: See `Outfit`.

        Returns:
            The outfit.
        """
        items = [self._item(row) for row in rows[rows >= 0].tolist()]
        return Outfit(items, name, score, list(notes))

    def _item(self, row: int) -> Item:
        if row not in self._items:
            data = self.data
            category = ""
            if data.categories is not None and data.item_category is not None:
                category = data.categories[int(data.item_category[row])]
            self._items[row] = Item(data.items[row], category, self._photo(row))
        return self._items[row]

    def _photo(self, row: int) -> str | None:
        data = self.data
        if data.photos is None or data.photo_root is None:
            return None
        try:
            photo = read_photo(data.photo_root / data.photos[row].as_py(), SIDE)
        except DataError:
            # Not all photos need be good where the model looks at none.
            return None
        buffer = io.BytesIO()
        Image.fromarray(photo).save(buffer, format="JPEG", quality=QUALITY)
        code = base64.b64encode(buffer.getvalue()).decode()
        return f"data:image/jpeg;base64,{code}"
