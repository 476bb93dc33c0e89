"""From a catalogue of outfits to the best for a user, and why."""

from fndrec.retrieval.explain import explain
from fndrec.retrieval.explanation import Explanation, LikedOutfit
from fndrec.retrieval.explanation_sheet import explanation_sheet
from fndrec.retrieval.recommend import Recommendation, recommend

__all__ = [
    "Explanation",
    "LikedOutfit",
    "Recommendation",
    "explain",
    "explanation_sheet",
    "recommend",
]
