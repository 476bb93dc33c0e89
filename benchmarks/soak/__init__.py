"""Parts of `benchmarks.serving_soak`."""
