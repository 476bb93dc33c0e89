"""File formats and steps that several readers share."""
