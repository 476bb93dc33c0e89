"""Protocols, baselines and reports."""

from fndrec.evaluation.audit import audit_negatives
from fndrec.evaluation.baselines import Baseline, default_baselines
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.cold_items import evaluate_cold_items
from fndrec.evaluation.cold_result import ColdResult
from fndrec.evaluation.cold_users import evaluate_cold_users
from fndrec.evaluation.compare import compare
from fndrec.evaluation.comparison import Comparison
from fndrec.evaluation.evaluate import evaluate
from fndrec.evaluation.held_out_falseness import HeldOutFalseness
from fndrec.evaluation.held_out_users import hold_out_items, hold_out_users
from fndrec.evaluation.interval import Interval
from fndrec.evaluation.liked_probability import LikedProbability
from fndrec.evaluation.matrix_factorization import MatrixFactorization
from fndrec.evaluation.mlflow_metrics import MLflowMetrics
from fndrec.evaluation.model_costs import ModelCosts
from fndrec.evaluation.multiply_adds import multiply_adds
from fndrec.evaluation.negative_audit import NegativeAudit
from fndrec.evaluation.outfit_sheet import outfit_sheet
from fndrec.evaluation.precision_recall import PrecisionRecall
from fndrec.evaluation.protocols import (
    PROTOCOLS,
    AllOutfits,
    ColdItems,
    ColdUsers,
    FixedProtocol,
    Protocol,
    SampledNegatives,
)
from fndrec.evaluation.result import EvaluationResult
from fndrec.evaluation.scorer import Scorer
from fndrec.evaluation.user_metrics import user_metrics
from fndrec.evaluation.user_values import UserValues
from fndrec.evaluation.validation import Validation

__all__ = [
    "PROTOCOLS",
    "AllOutfits",
    "Baseline",
    "Candidates",
    "ColdItems",
    "ColdResult",
    "ColdUsers",
    "Comparison",
    "EvaluationResult",
    "FixedProtocol",
    "HeldOutFalseness",
    "Interval",
    "LikedProbability",
    "MLflowMetrics",
    "MatrixFactorization",
    "ModelCosts",
    "NegativeAudit",
    "PrecisionRecall",
    "Protocol",
    "SampledNegatives",
    "Scorer",
    "UserValues",
    "Validation",
    "audit_negatives",
    "compare",
    "default_baselines",
    "evaluate",
    "evaluate_cold_items",
    "evaluate_cold_users",
    "hold_out_items",
    "hold_out_users",
    "multiply_adds",
    "outfit_sheet",
    "user_metrics",
]
