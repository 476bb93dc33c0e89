"""From a catalogue of outfits to the best for a user, and why."""

from fndrec.retrieval.completer import Completion, OutfitCompleter
from fndrec.retrieval.composer import OutfitComposer
from fndrec.retrieval.composition import ComposedOutfit, Composition
from fndrec.retrieval.explain import explain
from fndrec.retrieval.explanation import Explanation, LikedOutfit
from fndrec.retrieval.explanation_sheet import explanation_sheet
from fndrec.retrieval.fold_in import fold_in
from fndrec.retrieval.limit import Limit
from fndrec.retrieval.outfit_filter import OutfitFilter
from fndrec.retrieval.outfit_index import OutfitIndex
from fndrec.retrieval.outfit_match import OutfitMatch
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
    "explanation_sheet",
    "fold_in",
    "liked_outfits",
    "recommend",
]
