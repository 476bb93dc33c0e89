"""Augmented views of an outfit."""
