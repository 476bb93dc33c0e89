"""Readers of data sets, from files and tables to `OutfitData`."""
