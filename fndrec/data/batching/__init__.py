"""Batches of likes: negatives, histories, views and shards."""
