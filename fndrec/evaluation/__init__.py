"""Protocols, baselines and reports."""

from fndrec.evaluation.baselines import Baseline, default_baselines
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.evaluate import evaluate
from fndrec.evaluation.outfit_sheet import outfit_sheet
from fndrec.evaluation.result import EvaluationResult
from fndrec.evaluation.user_metrics import user_metrics
from fndrec.evaluation.validation import Validation

__all__ = [
    "Baseline",
    "Candidates",
    "EvaluationResult",
    "Validation",
    "default_baselines",
    "evaluate",
    "outfit_sheet",
    "user_metrics",
]
