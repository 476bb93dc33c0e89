"""Overhead of the server."""
