"""The command line."""

from fndrec.cli.main import main

__all__ = ["main"]
