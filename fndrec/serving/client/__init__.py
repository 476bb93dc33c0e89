"""A client of served models."""
