"""From a trained model to a SavedModel."""

from fndrec.serving.export import export

__all__ = ["export"]
