"""Search among known outfits."""
