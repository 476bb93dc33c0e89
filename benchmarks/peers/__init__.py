"""Peers and baselines."""
