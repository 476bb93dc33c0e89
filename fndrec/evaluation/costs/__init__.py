"""Size, work and latency of models."""
