"""An outfit that an index found."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class OutfitMatch:
    """An outfit that an index found.

    Attributes:
        outfit_id: The outfit.
        item_ids: Its items; empty if the index knows none.
        cosine: Cosine of its vector and the query's; 1 is the best.
    """

    outfit_id: str
    item_ids: tuple[str, ...]
    cosine: float
