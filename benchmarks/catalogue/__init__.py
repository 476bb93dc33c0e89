"""Work on whole catalogues."""
