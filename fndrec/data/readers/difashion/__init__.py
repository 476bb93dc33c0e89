"""Readers of data sets in the layout of DiFashion."""
