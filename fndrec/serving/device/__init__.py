"""Export of models to devices without TensorFlow."""
