"""Speed of training, embedding, scoring and evaluation."""
