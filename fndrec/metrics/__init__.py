"""Keras metrics of ranked candidates, with fair ties."""

from fndrec.metrics.fitb_accuracy import FITBAccuracy
from fndrec.metrics.hit_rate import HitRate
from fndrec.metrics.mean_ndcg import MeanNDCG
from fndrec.metrics.ndcg import NDCG
from fndrec.metrics.user_auc import UserAUC

__all__ = ["NDCG", "FITBAccuracy", "HitRate", "MeanNDCG", "UserAUC"]
