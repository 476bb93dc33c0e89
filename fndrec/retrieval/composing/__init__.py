"""Completing and composing outfits."""
