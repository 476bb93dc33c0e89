"""NDCG over all cut-offs, as peers report it."""

from typing import Any

import keras
from keras import ops

from fndrec.metrics._list_metric import ListMetric
from fndrec.metrics._ranks import expected_gains, ranks_of


@keras.saving.register_keras_serializable("fndrec")
class MeanNDCG(ListMetric):
    """NDCG averaged over all cut-offs, as the code of Fashion-Hash-Net does.

    The gain is `2^rel - 1`, the discount `log2(max(rank, 2))`. The value of a
    list is the mean, over the cut-offs `k = 1, ..., candidates`, of the DCG of
    its first `k` ranks divided by the greatest possible DCG. It is lower than
    the usual `NDCG` of the same ranking (0.650 for 0.730 in one case), so do
    not compare the two. The code of LPAE-Net computes the same value.

    Ties are fair: the value is its mean over all orders of tied candidates.
    Lists without a relevant candidate are left out. A list with a NaN score
    has the value NaN.

    Args:
        name: Name of the metric.
        dtype: Dtype of the metric's state.

    Call arguments:
        y_true: Relevance `(batch, candidates)`, not negative.
        y_pred: Scores `(batch, candidates)`.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar; 0 before the first list.

    Raises:
        ValueError: If the shapes of `y_true` and `y_pred` differ.

    Example:

    >>> metric = fndrec.metrics.MeanNDCG()
    >>> metric.update_state([[1, 0, 0]], [[0.2, 0.9, 0.1]])
    >>> round(float(metric.result()), 4)  # (0 + 1 + 1) / 3
    0.6667

    Reference:

    - Lu et al. (CVPR 2019), Learning Binary Code for Personalized Fashion
      Recommendation: the released code of Fashion-Hash-Net.
    """

    def __init__(self, name: str = "mean_ndcg", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def list_values(self, labels: Any, scores: Any) -> Any:
        discount = 1.0 / ops.log2(ops.maximum(ranks_of(scores), 2.0))
        gains = ops.power(2.0, labels) - 1.0
        gained = ops.cumsum(expected_gains(gains, scores) * discount, axis=-1)
        ideal = ops.cumsum(expected_gains(gains, gains) * discount, axis=-1)
        return ops.mean(ops.divide_no_nan(gained, ideal), axis=-1)
