"""Latency of an exported model."""
