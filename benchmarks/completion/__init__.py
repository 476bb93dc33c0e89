"""Completing outfits."""
