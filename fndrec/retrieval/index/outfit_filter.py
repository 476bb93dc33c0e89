"""Which outfits may be found."""

import dataclasses
from collections.abc import Sequence

from fndrec.checks import ids


@dataclasses.dataclass(frozen=True)
class OutfitFilter:
    """What outfits must be like to be found: all of what is given.

    Args:
        contains: Ids of items that must all be in the outfit.
        exclude_items: Ids of items none of which may be in the outfit.
        categories: Names of categories: every item must be of one of them.
            Items of unknown category are of none. Empty: any.
        in_stock: Whether every item must be in stock, see
            `OutfitIndex.set_stock`.
        exclude_outfits: Ids of outfits that must not be found.

    Raises:
        ValueError: If a string is given where several ids are expected.

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

    @property
    def asks_of_items(self) -> bool:
        """Whether it can only be answered where items are known."""
        return bool(
            self.contains
            or self.exclude_items
            or self.categories
            or self.in_stock
        )
