"""Exact validation metrics during training."""

from typing import Any

import keras
import numpy as np

from fndrec.checks import positive_int
from fndrec.data import OutfitData
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.evaluate import score_candidates
from fndrec.evaluation.protocols import AllOutfits
from fndrec.evaluation.scorer import ModelScorer


class Validation(keras.callbacks.Callback):
    """Adds `evaluate`'s metrics to the logs of each epoch.

    It ranks the same candidates every epoch and embeds each distinct item
    once, which is exact and cheaper than a pass over `validation_data`. Of a
    large split it ranks a random part. Where users share outfits, it also
    ranks each user's likes among all outfits, see `AllOutfits`. Put it before
    callbacks that read its metrics, such as
    `EarlyStopping(validation.monitor, mode="max")`.

    Args:
        data: The data set.
        split: Name of the split.
        negatives: Negatives of each like.
        max_likes: Most likes to rank.
        all_outfits: Whether to rank among all outfits too; by default if
            users share outfits.
        seed: Seed of the candidates and of the random part.

    Attributes:
        monitor: The metric to stop by: `"val_recall@20"` if likes are ranked
            among all outfits, else `"val_auc"`.

    Example:

    >>> validation = fndrec.Validation(data)
    >>> teacher.fit(
    ...     data.batches("train", 64),
    ...     epochs=30,
    ...     callbacks=[
    ...         validation,
    ...         keras.callbacks.EarlyStopping(
    ...             validation.monitor, mode="max", patience=5,
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
        all_outfits: bool | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.data = data
        max_likes = positive_int("max_likes", max_likes)
        candidates = Candidates.from_data(data, split, negatives, seed=seed)
        self.candidates = candidates.sample(max_likes, seed)
        if all_outfits is None:
            all_outfits = data.shares_outfits
        self.all_outfits = None
        self.monitor = "val_auc"
        if all_outfits:
            ranking = AllOutfits((20,)).prepare(data, split, seed)
            self.all_outfits = ranking.sample(max_likes, seed)
            self.monitor = "val_recall@20"

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if logs is None or not np.isfinite(logs.get("loss", 0.0)):
            return  # Scores that are no numbers cannot be ranked.
        metrics = score_candidates(self.model, self.data, self.candidates)
        if self.all_outfits is not None:
            scorer = ModelScorer(self.model, self.data)
            values = self.all_outfits.measure(scorer)
            metrics |= {name: value.mean for name, value in values.items()}
        logs.update({f"val_{k}": v for k, v in metrics.items()})
