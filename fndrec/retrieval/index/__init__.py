"""Search among the outfits of a catalogue."""
