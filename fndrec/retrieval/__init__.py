"""From a catalogue of outfits and items to the best for a user."""

from fndrec.retrieval.completer import Completion, OutfitCompleter
from fndrec.retrieval.composer import OutfitComposer
from fndrec.retrieval.composition import ComposedOutfit, Composition
from fndrec.retrieval.limit import Limit
from fndrec.retrieval.recommend import Recommendation, recommend

__all__ = [
    "Completion",
    "ComposedOutfit",
    "Composition",
    "Limit",
    "OutfitCompleter",
    "OutfitComposer",
    "Recommendation",
    "recommend",
]
