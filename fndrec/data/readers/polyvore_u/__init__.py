"""The files of Polyvore-U."""
