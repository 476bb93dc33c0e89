"""Nearest neighbors, exact and approximate."""
