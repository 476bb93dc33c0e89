"""A shop of many items."""
