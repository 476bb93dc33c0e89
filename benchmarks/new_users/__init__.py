"""Users and items never seen."""
