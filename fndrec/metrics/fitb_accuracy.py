"""Fill in the blank."""

from typing import Any

import keras
from keras import ops

from fndrec.metrics._list_metric import ListMetric


@keras.saving.register_keras_serializable("fndrec")
class FITBAccuracy(ListMetric):
    """Fill-in-the-blank accuracy: how often the true choice scores highest.

    Ties are shared: a true choice that scores highest together with others
    counts as one divided by their number, so a constant scorer gets the value
    of a guess. (Taking the first of the highest, with the true choice in
    column 0, would give it 1.) Rows without a true choice are left out. A row
    with a NaN score has the value NaN.

    Args:
        name: Name of the metric.
        dtype: Dtype of the metric's state.

    Call arguments:
        y_true: Labels `(batch, choices)`, above 0 for the true choice.
        y_pred: Scores `(batch, choices)`.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar; 0 before the first row.

    Raises:
        ValueError: If the shapes of `y_true` and `y_pred` differ.

    Example:

    >>> metric = fndrec.metrics.FITBAccuracy()
    >>> metric.update_state([[1, 0, 0, 0]], [[0.5, 0.5, 0.1, 0.2]])
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name: str = "fitb_accuracy", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def list_values(self, labels: Any, scores: Any) -> Any:
        highest = ops.max(scores, axis=-1, keepdims=True)
        chosen = ops.cast(ops.equal(scores, highest), "float32")
        true = ops.cast(labels > 0, "float32")
        return ops.sum(chosen * true, axis=-1) / ops.sum(chosen, axis=-1)
