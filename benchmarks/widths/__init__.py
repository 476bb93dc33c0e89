"""Quality against size."""
