"""Hit rate: how often a liked outfit is among the first `k`."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import positive_int
from fndrec.metrics._list_metric import ListMetric
from fndrec.metrics._ranks import rank, ranks_of


@keras.saving.register_keras_serializable("fndrec")
class HitRate(ListMetric):
    """Share of lists with a liked candidate among the first `k`.

    Ties are fair: the value of a list is the share of all orders of its tied
    candidates that put at least one liked candidate among the first `k`. Lists
    without a liked candidate are left out. A list with a NaN score has the
    value NaN.

    Args:
        k: Number of ranks that count.
        name: Name of the metric; `"hit_rate_5"` with `k=5` by default.
        dtype: Dtype of the metric's state.

    Call arguments:
        y_true: Labels `(batch, candidates)`, above 0 for a liked candidate.
        y_pred: Scores `(batch, candidates)`.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar; 0 before the first list.

    Raises:
        ValueError: If `k` is not a positive integer, or the shapes of
            `y_true` and `y_pred` differ.

    Example:

    >>> metric = fndrec.metrics.HitRate(k=2)
    >>> metric.update_state([[1, 0, 0], [1, 0, 0]], [[1, 3, 2], [1, 3, 1]])
    >>> round(float(metric.result()), 4)  # (0 + 1 / 2) / 2
    0.25
    """

    def __init__(
        self, k: int, name: str | None = None, dtype: Any = None
    ) -> None:
        self.k = positive_int("k", k)
        super().__init__(name=name or f"hit_rate_{k}", dtype=dtype)

    def list_values(self, labels: Any, scores: Any) -> Any:
        ranking = rank(scores)
        ranks = ranks_of(scores)
        liked = ranking.sort(ops.cast(labels > 0, "float32"))
        tied = ranking.tie_sum(ops.ones_like(liked))
        last = (
            ranking.tie_sum(ops.ones_like(liked) * ranks) / tied
            + (tied - 1.0) / 2.0
        )
        # Draw the tied candidates one by one. Given that none so far is liked,
        # the next is liked with the share of liked ones among those left.
        hit = ranking.tie_sum(liked) / (last - ranks + 1.0)
        miss = ops.maximum(1.0 - hit, 0.0)
        miss = ops.where(ranks <= self.k, miss, 1.0)
        return 1.0 - ops.prod(miss, axis=-1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["k"] = self.k
        return config
