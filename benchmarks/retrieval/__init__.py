"""What the benchmarks of retrieval are made of."""
