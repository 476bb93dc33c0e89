"""Exact validation metrics during training."""

from typing import Any

import keras
import numpy as np

from fndrec.checks import positive_int
from fndrec.data import OutfitData
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.evaluate import score_candidates


class Validation(keras.callbacks.Callback):
    """Adds `evaluate`'s metrics to the logs of each epoch.

    It ranks the same candidates every epoch and embeds each distinct item
    once, which is exact and cheaper than a pass over `validation_data`. Of a
    large split it ranks a random part. Put it before callbacks that read its
    metrics, such as `EarlyStopping("val_auc", mode="max")`.

    Args:
        data: The data set.
        split: Name of the split.
        negatives: Negatives of each like.
        max_likes: Most likes to rank.
        seed: Seed of the candidates and of the random part.

    Example:

    >>> teacher.fit(
    ...     data.batches("train", 64),
    ...     epochs=30,
    ...     callbacks=[
    ...         fndrec.Validation(data),
    ...         keras.callbacks.EarlyStopping(
    ...             "val_auc", mode="max", patience=5,
    ...             restore_best_weights=True),
    ...     ],
    ... )
    """

    def __init__(
        self,
        data: OutfitData,
        split: str = "valid",
        negatives: int = 10,
        max_likes: int = 20_000,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.data = data
        max_likes = positive_int("max_likes", max_likes)
        candidates = Candidates.from_data(data, split, negatives, seed=seed)
        self.candidates = candidates.sample(max_likes, seed)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if logs is None or not np.isfinite(logs.get("loss", 0.0)):
            return  # Scores that are no numbers cannot be ranked.
        metrics = score_candidates(self.model, self.data, self.candidates)
        logs.update({f"val_{k}": v for k, v in metrics.items()})
