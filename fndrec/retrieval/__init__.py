"""From a catalogue of outfits to the best for a user."""

from fndrec.retrieval.recommend import Recommendation, recommend

__all__ = ["Recommendation", "recommend"]
