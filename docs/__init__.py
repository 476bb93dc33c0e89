"""Documentation pages; `docs.tools` builds the site from them."""
