"""Keras losses: ranking, distillation and contrastive."""

from fndrec.losses.bpr import BPR
from fndrec.losses.distance_zscore import distance_zscore
from fndrec.losses.distillation_loss import DistillationLoss
from fndrec.losses.false_negative_distillation import (
    FalseNegativeDistillation,
)
from fndrec.losses.knowledge_distillation import KnowledgeDistillation
from fndrec.losses.ntxent import NTXent
from fndrec.losses.softmax_ranking import SoftmaxRanking

__all__ = [
    "BPR",
    "DistillationLoss",
    "FalseNegativeDistillation",
    "KnowledgeDistillation",
    "NTXent",
    "SoftmaxRanking",
    "distance_zscore",
]
