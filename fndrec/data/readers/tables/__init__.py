"""CSV, Parquet and in-memory tables."""
