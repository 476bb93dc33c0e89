"""The files of Polyvore Outfits."""
