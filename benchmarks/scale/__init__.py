"""A cost model of large shops."""
