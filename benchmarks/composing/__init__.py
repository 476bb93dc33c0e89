"""The search for the best new outfits."""
