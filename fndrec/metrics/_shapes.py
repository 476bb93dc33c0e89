"""Shapes of labels, scores and weights."""

from typing import Any

from keras import ops


def same_lists(y_true: Any, y_pred: Any) -> None:
    """Raises unless both have the same shape `(batch, candidates)`."""
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    # Sizes not known before the graph runs are `None`.
    if not (len(shapes[0]) == len(shapes[1]) == 2) or any(
        len(sizes - {None}) > 1 for sizes in map(set, zip(*shapes, strict=True))
    ):
        raise ValueError(
            "`y_true` and `y_pred` should have the same shape "
            "(batch, candidates). "
            f"Received: y_true.shape={shapes[0]}, y_pred.shape={shapes[1]}"
        )


def list_weights(sample_weight: Any) -> Any:
    """Weights of lists as a float32 tensor `(batch,)`, else raises."""
    sample_weight = ops.convert_to_tensor(sample_weight, "float32")
    if len(sample_weight.shape) != 1:
        raise ValueError(
            "`sample_weight` should have the shape (batch,). "
            f"Received: sample_weight.shape={tuple(sample_weight.shape)}"
        )
    return sample_weight
