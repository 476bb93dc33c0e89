"""A generated shop with known tastes."""
