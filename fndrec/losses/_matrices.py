"""Labels and scores as matrices of one shape."""

from typing import Any

from keras import ops


def matrices(y_true: Any, y_pred: Any, axes: str) -> tuple[Any, Any]:
    """Returns both as float32 tensors if they are matrices of one shape.

    Keras would broadcast `(batch,)` against `(batch, candidates)` silently.
    """
    y_true = ops.convert_to_tensor(y_true, "float32")
    y_pred = ops.convert_to_tensor(y_pred, "float32")
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    # Sizes not known before the graph runs are `None`.
    if not (len(shapes[0]) == len(shapes[1]) == 2) or any(
        len(sizes - {None}) > 1 for sizes in map(set, zip(*shapes, strict=True))
    ):
        raise ValueError(
            f"`y_true` and `y_pred` should have the same shape {axes}. "
            f"Received: y_true.shape={shapes[0]}, y_pred.shape={shapes[1]}"
        )
    return y_true, y_pred
