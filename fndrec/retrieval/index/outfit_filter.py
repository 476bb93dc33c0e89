"""Conditions on the outfits that a search returns."""

import dataclasses
from collections.abc import Sequence

from fndrec.checks import ids


@dataclasses.dataclass(frozen=True)
class OutfitFilter:
    """Conditions that outfits must meet, all of them.

    Args:
        contains: Ids of items that must all be in the outfit.
        exclude_items: Ids of items that must not be in the outfit.
        categories: Names of categories. Every item must belong to one of
            them, so an item of unknown category rules its outfit out. Any
            category if empty.
        in_stock: Whether every item must be in stock, see
            `OutfitIndex.set_stock`.
        exclude_outfits: Ids of outfits to leave out.

    Raises:
        TypeError: If a string is given in place of a list of ids.

    Example:

    >>> fndrec.OutfitFilter(contains=["shirt7"], in_stock=True)
    """

    contains: Sequence[str] = ()
    exclude_items: Sequence[str] = ()
    categories: Sequence[str] = ()
    in_stock: bool = False
    exclude_outfits: Sequence[str] = ()

    def __post_init__(self) -> None:
        ids("contains", self.contains)
        ids("exclude_items", self.exclude_items)
        ids("categories", self.categories)
        ids("exclude_outfits", self.exclude_outfits)
