"""Items that a model has not seen in training."""

import dataclasses

import numpy as np

from fndrec.data import OutfitData
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.cold_result import ColdResult
from fndrec.evaluation.user_metrics import metrics_by_user
from fndrec.models import OutfitRecommender


def evaluate_cold_items(
    model: OutfitRecommender,
    data: OutfitData,
    split: str = "valid",
    *,
    negatives: int = 10,
    seed: int = 0,
) -> ColdResult:
    """Ranks likes with items new to the model, and those without.

    An item is new if it stands in no outfit liked in train. A negative has
    new items where the liked outfit has them, of the same group, and others
    where it has others: a model gains nothing by telling new from known.

    Args:
        model: A trained model.
        data: The data set it was trained on, see `hold_out_items`.
        split: Split of the likes that are ranked.
        negatives: Negatives of each like.
        seed: Seed of the candidates.

    Returns:
        A `ColdResult` of the cases `"new items"`, likes of outfits with
        a new item or more, and `"known items"`, the others.

    Raises:
        DataError: If there is no such split.

    Example:

    >>> print(fndrec.evaluate_cold_items(model, data))
    """
    known = np.zeros(data.num_items + 1, bool)  # the last is the padding
    known[data.outfit_items[data.likes("train").outfit]] = True
    known[-1] = True
    parted = dataclasses.replace(
        data, item_group=(2 * data.item_group + known[:-1]).astype(np.int32)
    )
    candidates = Candidates.of(parted, split, negatives, "catalogue", seed)
    model, data = model.seeing(data)
    scores = model.score_sets(
        data, data.user_index[candidates.user], candidates.outfits
    )
    new = ~known[candidates.outfits[:, 0]].all(axis=1)
    return ColdResult(
        data=data.name,
        split=split,
        likes=len(new),
        auc_by_user={
            name: metrics_by_user(candidates.user[rows], scores[rows])["auc"]
            if rows.any()
            else np.full(1, np.nan)
            for name, rows in (("known items", ~new), ("new items", new))
        },
    )
