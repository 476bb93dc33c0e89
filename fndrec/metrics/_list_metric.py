"""The base of metrics of lists."""

from typing import Any

import keras
from keras import ops

from fndrec.metrics._shapes import list_weights, same_lists


class ListMetric(keras.metrics.Mean):
    """Weighted mean over lists of a value of each list.

    Lists without a liked candidate are left out: all rankings of them are
    equally good. A list with a NaN score has the value NaN, so that a broken
    model does not pass for a bad one, let alone a good one.
    """

    def list_values(self, labels: Any, scores: Any) -> Any:
        """Returns the value `(batch,)` of each list; no score is NaN."""
        raise NotImplementedError

    def update_state(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Adds the lists of a batch.

        Args:
            y_true: Labels `(batch, candidates)`.
            y_pred: Scores `(batch, candidates)`.
            sample_weight: Optional weights `(batch,)`.
        """
        labels = ops.convert_to_tensor(y_true, "float32")
        scores = ops.convert_to_tensor(y_pred, "float32")
        same_lists(labels, scores)
        weight = ops.cast(ops.any(labels > 0, axis=-1), "float32")
        if sample_weight is not None:
            weight = weight * list_weights(sample_weight)
        broken = ops.isnan(scores)
        values = self.list_values(labels, ops.where(broken, 0.0, scores))
        values = ops.where(ops.any(broken, axis=-1), float("nan"), values)
        # The weight alone would not do: 0 * NaN is NaN.
        values = ops.where(weight > 0, values, 0.0)
        super().update_state(values, weight)
