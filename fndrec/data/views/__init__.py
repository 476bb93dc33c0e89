"""Augmented views of outfits."""
