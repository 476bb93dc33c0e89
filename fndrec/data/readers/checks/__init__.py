"""Checks of tables, from columns to integer arrays."""
