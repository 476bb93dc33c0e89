"""Protocols, baselines and reports."""

from fndrec.evaluation.audit.audit import audit_negatives
from fndrec.evaluation.audit.calibrated_distance import CalibratedDistance
from fndrec.evaluation.audit.liked_probability import LikedProbability
from fndrec.evaluation.audit.negative_audit import NegativeAudit
from fndrec.evaluation.audit.precision_recall import PrecisionRecall
from fndrec.evaluation.baselines import Baseline, default_baselines
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.cold_result import ColdResult
from fndrec.evaluation.costs.compare import compare
from fndrec.evaluation.costs.comparison import Comparison
from fndrec.evaluation.costs.model_costs import ModelCosts
from fndrec.evaluation.costs.multiply_adds import multiply_adds
from fndrec.evaluation.evaluate import evaluate
from fndrec.evaluation.held_out_users import hold_out_items, hold_out_users
from fndrec.evaluation.matrix_factorization import MatrixFactorization
from fndrec.evaluation.protocols import (
    PROTOCOLS,
    AllOutfits,
    ColdItems,
    ColdUsers,
    FixedProtocol,
    Protocol,
    SampledNegatives,
)
from fndrec.evaluation.protocols.cold_items import evaluate_cold_items
from fndrec.evaluation.protocols.cold_users import evaluate_cold_users
from fndrec.evaluation.result import EvaluationResult
from fndrec.evaluation.scorer import Scorer
from fndrec.evaluation.user_metrics import user_metrics
from fndrec.evaluation.user_values import Interval, UserValues

__all__ = [
    "PROTOCOLS",
    "AllOutfits",
    "Baseline",
    "CalibratedDistance",
    "Candidates",
    "ColdItems",
    "ColdResult",
    "ColdUsers",
    "Comparison",
    "EvaluationResult",
    "FixedProtocol",
    "Interval",
    "LikedProbability",
    "MatrixFactorization",
    "ModelCosts",
    "NegativeAudit",
    "PrecisionRecall",
    "Protocol",
    "SampledNegatives",
    "Scorer",
    "UserValues",
    "audit_negatives",
    "compare",
    "default_baselines",
    "evaluate",
    "evaluate_cold_items",
    "evaluate_cold_users",
    "hold_out_items",
    "hold_out_users",
    "multiply_adds",
    "user_metrics",
]
