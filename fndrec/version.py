"""The version of the package, and of the layout of its model files."""

__version__ = "0.2.0"

# Raised when a model file of the present version cannot be read by the one
# before, or the other way round. 1 was that of 0.1.0, which wrote no version.
MODEL_FORMAT = 2
