"""The files of DiFashion."""
