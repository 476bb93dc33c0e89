"""Builds the site: MkDocs hooks, pictures, and output of the tutorial."""
