"""Photos: files, decoding and the image store."""
