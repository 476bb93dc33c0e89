"""HTML report about a trained model: `fndrec report`."""

from fndrec.report.report import Report

__all__ = ["Report"]
