"""Pictures of outfits, explanations and comparisons."""

from fndrec.plots.explanation_sheet import explanation_sheet
from fndrec.plots.outfit_sheet import outfit_sheet

__all__ = ["explanation_sheet", "outfit_sheet"]
