"""From likes to batches."""
