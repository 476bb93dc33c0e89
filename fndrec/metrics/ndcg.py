"""Normalized discounted cumulative gain."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import positive_int
from fndrec.metrics._list_metric import ListMetric
from fndrec.metrics._ranks import expected_gains, ranks_of


@keras.saving.register_keras_serializable("fndrec")
class NDCG(ListMetric):
    """Normalized discounted cumulative gain of lists of candidates.

    A candidate of relevance `rel` at rank `r` adds `(2^rel - 1) / log2(r + 1)`
    to the DCG of its list. The DCG is divided by the greatest DCG of any order
    of the list. See `MeanNDCG` for the NDCG over all cut-offs that some papers
    report.

    Ties are fair: the value is its mean over all orders of tied candidates.
    Lists without a relevant candidate are left out. A list with a NaN score
    has the value NaN.

    Args:
        k: Only the first `k` ranks count; all by default.
        name: Name of the metric; `"ndcg"`, or `"ndcg_5"` with `k=5`, by
            default.
        dtype: Dtype of the metric's state.

    Call arguments:
        y_true: Relevance `(batch, candidates)`, not negative.
        y_pred: Scores `(batch, candidates)`.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar; 0 before the first list.

    Raises:
        ValueError: If `k` is not a positive integer, or the shapes of
            `y_true` and `y_pred` differ.

    Example:

    >>> metric = fndrec.metrics.NDCG()
    >>> metric.update_state([[1, 0, 0]], [[0.2, 0.9, 0.1]])
    >>> round(float(metric.result()), 4)  # 1 / log2(3)
    0.6309

    Reference:

    - Järvelin and Kekäläinen (2002), [Cumulated gain-based evaluation of IR
      techniques](https://doi.org/10.1145/582415.582418); the gain
      `2^rel - 1` is that of Burges et al. (2005).
    """

    def __init__(
        self,
        k: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.k = None if k is None else positive_int("k", k)
        default = "ndcg" if k is None else f"ndcg_{k}"
        super().__init__(name=name or default, dtype=dtype)

    def list_values(self, labels: Any, scores: Any) -> Any:
        ranks = ranks_of(scores)
        discount = 1.0 / ops.log2(ranks + 1.0)
        if self.k is not None:
            discount = ops.where(ranks <= self.k, discount, 0.0)
        gains = ops.power(2.0, labels) - 1.0
        gained = ops.sum(expected_gains(gains, scores) * discount, axis=-1)
        ideal = ops.sum(expected_gains(gains, gains) * discount, axis=-1)
        return ops.divide_no_nan(gained, ideal)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["k"] = self.k
        return config
