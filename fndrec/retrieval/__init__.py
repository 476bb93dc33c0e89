"""From a catalogue of outfits to the best for a user."""

from fndrec.retrieval.outfit_filter import OutfitFilter
from fndrec.retrieval.outfit_index import OutfitIndex
from fndrec.retrieval.outfit_match import OutfitMatch
from fndrec.retrieval.recommend import (
    Recommendation,
    liked_outfits,
    recommend,
)

__all__ = [
    "OutfitFilter",
    "OutfitIndex",
    "OutfitMatch",
    "Recommendation",
    "liked_outfits",
    "recommend",
]
