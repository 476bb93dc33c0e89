"""Runs to report on."""

from pathlib import Path
from typing import Any

from tiny_models import tiny_student, tiny_teacher

import fndrec

HISTORY = {
    "loss": [3.0, 2.0, 1.5],
    "distillation_loss": [3.0, 2.0, 1.5],
    "contrastive_loss": [1.0, 0.9, 0.8],
    "val_auc": [0.5, 0.7, 0.6],
    "val_hit@1": [0.1, 0.3, 0.2],
}
RUN: dict[str, Any] = {
    "command": "distill",
    "line": "fndrec distill shop --teacher teacher --out student",
    "arguments": {"data_dir": "shop", "dim": 8, "negatives": None},
    "seed": 7,
    "versions": {"python": "3.12.1", "keras": "3.12.0", "numpy": None},
    "history": HISTORY,
    "seconds": 12.3,
    "peak_memory_mb": 1234,
}


def full_report(folder: Path, **kwargs: Any) -> fndrec.Report:
    """A student with teacher and truth, on a shop with photos."""
    shop = fndrec.SyntheticShop.generate(
        folder / "shop",
        num_users=10,
        items_per_category=20,
        likes_per_user=20,
        image_size=16,
    )
    data = shop.data.with_photos(16)
    return fndrec.Report.from_model(
        tiny_student(data),
        data,
        **{
            "teacher": tiny_teacher(data),
            "name": "student",
            "run": RUN,
            "truth": shop.truth,
            "line": "fndrec report student",
            **kwargs,
        },
    )
