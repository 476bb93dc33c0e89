"""Export to small devices."""
