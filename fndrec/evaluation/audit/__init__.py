"""Estimates of how many negatives are false."""
