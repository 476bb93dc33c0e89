"""A sign with a straight-through gradient."""

from typing import Any

from keras import ops


def sign(x: Any) -> Any:
    """Returns -1 or 1; the gradient is that of `tanh`.

    Args:
        x: Floats of any shape.

    Returns:
        Floats of the same shape, 1 where `x` is 0.
    """
    soft = ops.tanh(x)
    hard = ops.where(x >= 0, ops.ones_like(soft), -ops.ones_like(soft))
    return soft + ops.stop_gradient(hard - soft)
