"""How far an outfit lies from what a user likes, to the teacher."""

from typing import Any

from keras import ops


def distance_zscore(
    distance: Any, radius: Any, deviation: Any, epsilon: float = 1e-3
) -> Any:
    """Returns distances in standard deviations from the user's radius.

    `z = (distance - radius) / deviation`. An outfit with `z < 0` is nearer to
    the user than the user's likes are on average: to the teacher it is a false
    negative. The larger `z`, the surer the negative.

    Args:
        distance: The teacher's distances from users to candidates
            `(batch, candidates)`.
        radius: Mean distance from each user to the user's liked outfits
            `(batch,)`.
        deviation: Standard deviation of those distances `(batch,)`.
        epsilon: Lower bound of the deviation, which is 0 for a user with a
            single like.

    Returns:
        Float32 tensor `(batch, candidates)`, not clipped.

    Example:

    >>> z = fndrec.losses.distance_zscore([[1.0, 1.4, 1.6]], [1.2], [0.1])
    >>> [round(value, 3) for value in z[0].numpy().tolist()]
    [-2.0, 2.0, 4.0]
    """
    distance = ops.convert_to_tensor(distance, "float32")
    radius = ops.convert_to_tensor(radius, "float32")
    deviation = ops.convert_to_tensor(deviation, "float32")
    excess = distance - ops.expand_dims(radius, -1)
    return excess / ops.expand_dims(ops.maximum(deviation, epsilon), -1)
