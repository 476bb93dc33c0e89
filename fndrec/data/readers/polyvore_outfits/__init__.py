"""Readers of Polyvore Outfits."""
