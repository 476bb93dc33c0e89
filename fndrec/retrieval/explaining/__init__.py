"""Explanations of the scores of outfits."""
