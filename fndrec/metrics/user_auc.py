"""AUC of each user, averaged over users."""

import math
from typing import Any

import keras
from keras import ops

from fndrec.checks import positive_int
from fndrec.metrics._shapes import list_weights, same_lists


@keras.saving.register_keras_serializable("fndrec")
class UserAUC(keras.metrics.Metric):
    """Area under the ROC curve of each user, averaged over users.

    Take all pairs of a liked candidate and another one of the same user, over
    all lists of the user. The user's AUC is the share of pairs in which the
    liked candidate scores higher; ties count half. All users weigh the same,
    however many likes they have. Users without a liked candidate, or without
    another one, are left out.

    Scores are counted in equal bins, as in `keras.metrics.AUC`, so that the
    lists of a user may be spread over any number of batches. Scores in one bin
    count as tied: a user's AUC is off by at most half the share of pairs that
    fall into one bin. Scores outside `[minimum, maximum]` fall into the first
    or last bin. The default range is that of a cosine divided by 0.1. A user
    with a NaN score makes the result NaN.

    The state takes `8 * num_users * bins` bytes. Each update passes over all
    of it: about 1 ms per 1000 users on a CPU with the default bins.

    This metric needs the users, so `metrics=` of a plain
    `keras.Model.compile` cannot take it. That of
    `fndrec.models.OutfitRecommender.compile` can.

    Args:
        num_users: Number of users.
        bins: Number of bins.
        minimum: Lower end of the first bin.
        maximum: Upper end of the last bin.
        name: Name of the metric.
        dtype: Dtype of the result; counts are float32.

    Call arguments:
        y_true: Labels `(batch, candidates)`, above 0 for a liked candidate.
        y_pred: Scores `(batch, candidates)`.
        users: Integers `(batch,)` in `[0, num_users)`: the user of each list.
        sample_weight: Optional weights `(batch,)`.

    Returns:
        Scalar; 0 before the first user with both kinds of candidates.

    Raises:
        ValueError: If an argument is out of its range, or the shapes of
            `y_true` and `y_pred` differ.

    Example:

    >>> metric = fndrec.metrics.UserAUC(num_users=2)
    >>> labels = [[1, 0, 0], [1, 0, 0]]
    >>> scores = [[5.0, 7.0, 1.0], [4.0, 2.0, 2.0]]
    >>> metric.update_state(labels, scores, users=[0, 1])
    >>> float(metric.result())  # (1 / 2 + 1) / 2
    0.75
    """

    def __init__(
        self,
        num_users: int,
        bins: int = 100,
        minimum: float = -10.0,
        maximum: float = 10.0,
        name: str = "user_auc",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_users = positive_int("num_users", num_users)
        self.bins = positive_int("bins", bins)
        # Bins of all users are numbered in int32, liked and not liked.
        if 2 * self.num_users * self.bins >= 2**31:
            raise ValueError(
                "`num_users * bins` should be less than 2**30. "
                f"Received: num_users={num_users}, bins={bins}"
            )
        if not -math.inf < minimum < maximum < math.inf:
            raise ValueError(
                "`minimum` should be less than `maximum`, both finite. "
                f"Received: minimum={minimum}, maximum={maximum}"
            )
        self.minimum = float(minimum)
        self.maximum = float(maximum)
        self.liked, self.others = (
            self.add_variable(
                shape=(self.num_users, self.bins),
                initializer="zeros",
                dtype="float32",
                name=kind,
            )
            for kind in ("liked", "others")
        )

    def update_state(
        self,
        y_true: Any,
        y_pred: Any,
        users: Any,
        sample_weight: Any = None,
    ) -> None:
        """Adds the lists of a batch.

        Args:
            y_true: Labels `(batch, candidates)`.
            y_pred: Scores `(batch, candidates)`.
            users: Integers `(batch,)`.
            sample_weight: Optional weights `(batch,)`.
        """
        liked = ops.greater(ops.convert_to_tensor(y_true), 0)
        scores = ops.convert_to_tensor(y_pred, "float32")
        same_lists(liked, scores)
        broken = ops.isnan(scores)
        counts = ops.ones_like(scores)
        if sample_weight is not None:
            counts = counts * ops.expand_dims(list_weights(sample_weight), 1)
        # NaN counts keep a broken model from passing for a bad one.
        counts = ops.where(
            ops.logical_and(broken, counts > 0), float("nan"), counts
        )
        scores = ops.where(broken, self.minimum, scores)
        # Clipped before the cast: no integer holds an infinite score.
        share = (scores - self.minimum) / (self.maximum - self.minimum)
        place = ops.clip(ops.floor(share * self.bins), 0, self.bins - 1)
        users = ops.expand_dims(ops.convert_to_tensor(users, "int32"), 1)
        place = users * self.bins + ops.cast(place, "int32")
        size = self.num_users * self.bins
        histograms = ops.reshape(
            ops.segment_sum(
                ops.reshape(counts, (-1,)),
                ops.reshape(ops.where(liked, place, place + size), (-1,)),
                num_segments=2 * size,
            ),
            (2, self.num_users, self.bins),
        )
        self.liked.assign_add(histograms[0])
        self.others.assign_add(histograms[1])

    def result(self) -> Any:
        """The mean AUC of the users seen so far."""
        liked = ops.convert_to_tensor(self.liked)
        others = ops.convert_to_tensor(self.others)
        # Others in lower bins, and half of those in the same bin.
        below = ops.cumsum(others, axis=-1) - others / 2.0
        ordered = ops.sum(liked * below, axis=-1)
        pairs = ops.sum(liked, axis=-1) * ops.sum(others, axis=-1)
        # `pairs > 0` would leave out NaN.
        known = ops.not_equal(pairs, 0)
        aucs = ops.divide_no_nan(ordered, pairs)
        mean = ops.divide_no_nan(
            ops.sum(ops.where(known, aucs, 0.0)),
            ops.sum(ops.cast(known, "float32")),
        )
        return ops.cast(mean, self.dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "num_users": self.num_users,
                "bins": self.bins,
                "minimum": self.minimum,
                "maximum": self.maximum,
            }
        )
        return config
