"""A page about a run: `fndrec report`."""

from fndrec.report.report import Report

__all__ = ["Report"]
