"""Personalised outfit recommendation with Keras.

False Negative Distillation and contrastive learning for outfits: teacher,
student, evaluation and export. Start with `OutfitData`, `FNDTeacher` and
`FNDStudent`.

Reference: Kim, Seol, Lim, Lee 2021, False Negative Distillation and
Contrastive Learning for Personalized Outfit Recommendation,
arXiv:2110.06483.
"""

from fndrec import (
    callbacks,
    data,
    distributed,
    evaluation,
    layers,
    losses,
    metrics,
    models,
    plots,
    retrieval,
    serving,
    training,
)
from fndrec.callbacks import (
    MLflowMetrics,
    StopOnNaN,
    TrainingBackup,
    Validation,
)
from fndrec.data import (
    EraseItem,
    OutfitData,
    ReplaceItem,
    SyntheticShop,
    load_data,
)
from fndrec.distributed import distribute
from fndrec.errors import DataError
from fndrec.evaluation import (
    audit_negatives,
    compare,
    evaluate,
    evaluate_cold_items,
    evaluate_cold_users,
    hold_out_items,
    hold_out_users,
)
from fndrec.models import FNDStudent, FNDTeacher, load_model
from fndrec.plots import explanation_sheet, outfit_sheet
from fndrec.report import Report
from fndrec.retrieval import (
    Limit,
    OutfitCompleter,
    OutfitComposer,
    OutfitFilter,
    OutfitIndex,
    explain,
    fold_in,
    recommend,
)
from fndrec.serving import export
from fndrec.training import train
from fndrec.version import __version__ as __version__

__all__ = [
    "DataError",
    "EraseItem",
    "FNDStudent",
    "FNDTeacher",
    "Limit",
    "MLflowMetrics",
    "OutfitCompleter",
    "OutfitComposer",
    "OutfitData",
    "OutfitFilter",
    "OutfitIndex",
    "ReplaceItem",
    "Report",
    "StopOnNaN",
    "SyntheticShop",
    "TrainingBackup",
    "Validation",
    "audit_negatives",
    "callbacks",
    "compare",
    "data",
    "distribute",
    "distributed",
    "evaluate",
    "evaluate_cold_items",
    "evaluate_cold_users",
    "evaluation",
    "explain",
    "explanation_sheet",
    "export",
    "fold_in",
    "hold_out_items",
    "hold_out_users",
    "layers",
    "load_data",
    "load_model",
    "losses",
    "metrics",
    "models",
    "outfit_sheet",
    "plots",
    "recommend",
    "retrieval",
    "serving",
    "train",
    "training",
]
