"""Export of models as SavedModels."""
