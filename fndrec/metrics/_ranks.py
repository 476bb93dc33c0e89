"""Ranks with ties, for the metrics of lists."""

from typing import Any, NamedTuple

from keras import ops


class Ranking(NamedTuple):
    """Lists sorted best first, with their groups of tied candidates.

    Attributes:
        order: `(batch, candidates)`, the candidate at each rank.
        tie: `(batch * candidates,)`, the number of the group of tied
            candidates at each rank.
    """

    order: Any
    tie: Any

    def sort(self, values: Any) -> Any:
        """Reorders values of candidates `(batch, candidates)` by rank."""
        return ops.take_along_axis(values, self.order, axis=-1)

    def tie_sum(self, values: Any) -> Any:
        """Sums values of ranks over each group of ties."""
        flat = ops.reshape(values, (-1,))
        sums = ops.segment_sum(flat, self.tie, num_segments=ops.shape(flat)[0])
        return ops.reshape(ops.take(sums, self.tie), ops.shape(values))


def rank(scores: Any) -> Ranking:
    """Sorts each list by its scores, highest first.

    Args:
        scores: `(batch, candidates)`, free of NaN.

    Returns:
        The ranking. Tied candidates stand in no particular order.
    """
    order = ops.argsort(-scores, axis=-1)
    ordered = ops.take_along_axis(scores, order, axis=-1)
    # Each list begins a group, so no group spans two lists.
    begins = ops.concatenate(
        [
            ops.ones_like(ordered[:, :1], dtype="bool"),
            ops.not_equal(ordered[:, 1:], ordered[:, :-1]),
        ],
        axis=-1,
    )
    begins = ops.reshape(ops.cast(begins, "int32"), (-1,))
    return Ranking(order, ops.cumsum(begins) - 1)


def expected_gains(gains: Any, scores: Any) -> Any:
    """Returns the mean gain at each rank over all orders of ties.

    Args:
        gains: `(batch, candidates)`.
        scores: `(batch, candidates)`, free of NaN.

    Returns:
        `(batch, candidates)`, best rank first.
    """
    ranking = rank(scores)
    gains = ranking.sort(gains)
    return ranking.tie_sum(gains) / ranking.tie_sum(ops.ones_like(gains))


def ranks_of(lists: Any) -> Any:
    """Returns ranks `1, 2, ..., candidates` as float32 `(candidates,)`."""
    return ops.cast(ops.arange(1, ops.shape(lists)[-1] + 1), "float32")
