"""Costs of the parts, and a model of the whole."""
