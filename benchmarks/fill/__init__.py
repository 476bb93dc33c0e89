"""Numbers of results in the pages."""
