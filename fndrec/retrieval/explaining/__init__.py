"""Why an outfit scores as it does."""
