"""A server of exports for development and tests. Use TF Serving in production.

It needs the extra `serving`. Nothing in this folder imports Keras or the models
of fndrec: like TF Serving, the server needs only TensorFlow.
"""

from fndrec.serving.server.server import Server

__all__ = ["Server"]
