"""A generated shop whose users' tastes are known."""
