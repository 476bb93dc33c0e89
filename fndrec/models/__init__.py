"""The teacher and the student."""

from fndrec.models.knowledge import TeacherKnowledge
from fndrec.models.load import load_model
from fndrec.models.recommender import OutfitRecommender
from fndrec.models.student import FNDStudent
from fndrec.models.teacher import FNDTeacher

__all__ = [
    "FNDStudent",
    "FNDTeacher",
    "OutfitRecommender",
    "TeacherKnowledge",
    "load_model",
]
