"""What makes a site of the pages: hooks of MkDocs, pictures, outputs."""
