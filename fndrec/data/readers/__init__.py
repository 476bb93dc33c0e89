"""From files and tables to `OutfitData`."""
