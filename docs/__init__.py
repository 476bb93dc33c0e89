"""The pages, and in `docs.tools` what makes the site of them."""
