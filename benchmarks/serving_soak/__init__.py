"""A server under load and malformed requests."""
