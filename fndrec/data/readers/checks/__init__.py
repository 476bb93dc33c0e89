"""From tables to checked integer arrays."""
