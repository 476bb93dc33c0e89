"""The teacher and the student."""

from fndrec.models.load import load_model
from fndrec.models.recommender import OutfitRecommender
from fndrec.models.student import FNDStudent
from fndrec.models.teacher import FNDTeacher
from fndrec.models.teacher_targets import TeacherTargets
from fndrec.models.users import align, by_history, with_likes

__all__ = [
    "FNDStudent",
    "FNDTeacher",
    "OutfitRecommender",
    "TeacherTargets",
    "align",
    "by_history",
    "load_model",
    "with_likes",
]
