"""Readers of Polyvore-U."""
