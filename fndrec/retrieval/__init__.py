"""From a catalogue of outfits to the best for a user."""

from fndrec.retrieval.fold_in import fold_in
from fndrec.retrieval.recommend import Recommendation, recommend

__all__ = ["Recommendation", "fold_in", "recommend"]
