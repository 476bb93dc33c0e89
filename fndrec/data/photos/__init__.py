"""Photos: files, decoding and the store."""
