"""A server of exports for development and tests; production is TF Serving.

Needs the extra `serving`. Nothing in this folder imports Keras or another
room of fndrec: what it serves is TensorFlow alone, as in TF Serving.
"""

from fndrec.serving.server.server import Server

__all__ = ["Server"]
