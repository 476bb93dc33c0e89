"""New outfits: completing and composing."""
