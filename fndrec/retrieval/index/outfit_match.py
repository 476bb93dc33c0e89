"""A search result of an index."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class OutfitMatch:
    """An outfit that a search of an index returned.

    Attributes:
        outfit_id: The outfit.
        item_ids: Its items; empty if the index does not know them.
        cosine: Cosine between its vector and the query; 1 is the best.
    """

    outfit_id: str
    item_ids: tuple[str, ...]
    cosine: float
