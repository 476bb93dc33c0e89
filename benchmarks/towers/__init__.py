"""Towers of photos."""
