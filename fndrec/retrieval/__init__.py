"""Finds, composes and explains the best outfits for a user."""

from fndrec.retrieval.composing.completer import Completion, OutfitCompleter
from fndrec.retrieval.composing.composer import OutfitComposer
from fndrec.retrieval.composing.composition import ComposedOutfit, Composition
from fndrec.retrieval.composing.limit import Limit
from fndrec.retrieval.explaining.explain import explain
from fndrec.retrieval.explaining.explanation import Explanation, LikedOutfit
from fndrec.retrieval.fold_in import fold_in
from fndrec.retrieval.index.outfit_filter import OutfitFilter
from fndrec.retrieval.index.outfit_index import OutfitIndex
from fndrec.retrieval.index.outfit_match import OutfitMatch
from fndrec.retrieval.recommend import Recommendation, liked_outfits, recommend

__all__ = [
    "Completion",
    "ComposedOutfit",
    "Composition",
    "Explanation",
    "LikedOutfit",
    "Limit",
    "OutfitCompleter",
    "OutfitComposer",
    "OutfitFilter",
    "OutfitIndex",
    "OutfitMatch",
    "Recommendation",
    "explain",
    "fold_in",
    "liked_outfits",
    "recommend",
]
