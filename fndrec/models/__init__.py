"""The teacher and the student."""

from fndrec.models.knowledge import TeacherKnowledge
from fndrec.models.load import load_model
from fndrec.models.recommender import OutfitRecommender
from fndrec.models.stop_on_nan import StopOnNaN
from fndrec.models.student import FNDStudent
from fndrec.models.teacher import FNDTeacher
from fndrec.models.training_backup import TrainingBackup

__all__ = [
    "FNDStudent",
    "FNDTeacher",
    "OutfitRecommender",
    "StopOnNaN",
    "TeacherKnowledge",
    "TrainingBackup",
    "load_model",
]
