"""Communication between replicas that train on shards of one batch.

A batch without `"whole"`, that of one device, is left as it is.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from fndrec._keras_private import flat_layers


def check_share(batch: dict[str, Any]) -> None:
    """Raises if several replicas got a batch that is not sharded."""
    replicas = num_replicas()
    if "whole" in batch or replicas == 1:
        return
    raise ValueError(
        f"Batches should be shares of one batch where {replicas} replicas "
        "train in step: `fndrec.distribute(data, split, batch_size, "
        f"strategy)`. Received: a batch of {sorted(batch)}, which a strategy "
        "would tear apart"
    )


def num_replicas() -> int:
    """Returns the number of replicas of the current strategy."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def gathered(values: Any, batch: dict[str, Any]) -> Any:
    """Gathers rows from all replicas, in the order of the whole batch.

    Gradients flow back to the replica that each row is of.

    Args:
        values: The rows `(rows, ...)` of one's own share.
        batch: The batch.

    Returns:
        Tensor `(all rows, ...)`.
    """
    if "whole" not in batch:
        return values
    values = ops.convert_to_tensor(values)
    every = tf.distribute.get_replica_context().all_gather(values, axis=0)
    return tf.ensure_shape(every, (None, *values.shape[1:]))


def gathered_if_any(values: Any, batch: dict[str, Any]) -> Any:
    """As `gathered`, for float rows `(rows, dim)`, possibly empty.

    TensorFlow crashes where all replicas gather nothing, so each sends one
    row more, which is left out again.
    """
    if "whole" not in batch:
        return values
    marked = ops.pad(values, ((0, 0), (0, 1)), constant_values=1.0)
    every = gathered(ops.pad(marked, ((0, 1), (0, 0))), batch)
    return tf.boolean_mask(every[:, :-1], every[:, -1] > 0)


def own(values: Any, batch: dict[str, Any]) -> Any:
    """Selects this replica's rows from one row per like of the batch."""
    if "whole" not in batch:
        return values
    first = batch["whole"]["first"]
    return values[first : first + ops.shape(batch["user"])[0]]


def all_users(batch: dict[str, Any]) -> Any:
    """Gathers the users `(likes,)` of the whole batch."""
    return batch.get("whole", batch)["user"]


def all_rows(batch: dict[str, Any]) -> Any:
    """Gathers the catalogue rows `(items,)` of the whole batch."""
    return batch.get("whole", batch["items"])["row"]


def num_likes(batch: dict[str, Any]) -> Any:
    """Returns the number of likes in the whole batch, float32."""
    return ops.cast(ops.shape(all_users(batch))[0], "float32")


def total(value: Any, batch: dict[str, Any]) -> Any:
    """Sums a scalar over replicas, without a gradient."""
    if "whole" not in batch:
        return value
    context = tf.distribute.get_replica_context()
    return context.all_reduce(
        tf.distribute.ReduceOp.SUM, tf.stop_gradient(value)
    )


def part_of_all(value: Any, batch: dict[str, Any]) -> Any:
    """Divides a value that all replicas share by their number."""
    if "whole" not in batch:
        return value
    return value / num_replicas()


def mean_loss(
    loss: Any,
    y_true: Any,
    y_pred: Any,
    batch: dict[str, Any],
    of_all: bool = False,
) -> Any:
    """Averages a loss so that the replicas' values add up to the batch's.

    Gradients are added up over replicas, so each divides by the size of the
    whole batch, not by that of its share.

    Args:
        loss: A Keras loss.
        y_true: What it calls so, a row a like.
        y_pred: What it calls so.
        batch: The batch; `"sample_weight"` `(batch,)` is optional.
        of_all: Whether the rows are those of the whole batch, as for a loss
            that sets each like against all others.

    Returns:
        Scalar float32 loss.

    Raises:
        ValueError: If the reduction of the loss is another than the mean
            or the sum over the likes.
    """
    weight = batch.get("sample_weight")
    if "whole" not in batch:
        return loss(y_true, y_pred, sample_weight=weight)
    if loss.reduction not in ("sum", "mean", "sum_over_batch_size"):
        raise ValueError(
            "A loss of several replicas should have the reduction "
            '"sum_over_batch_size", "mean" or "sum". '
            f"Received: reduction={loss.reduction!r} of {loss}"
        )
    losses = loss.call(y_true, y_pred)
    if of_all:
        losses = own(losses, batch)
    if weight is not None:
        losses = losses * ops.cast(weight, losses.dtype)
    # Not the mean, which an empty share does not have.
    summed = ops.sum(losses)
    return summed if loss.reduction == "sum" else summed / num_likes(batch)


def readable(logs: dict[str, Any]) -> dict[str, Any]:
    """Returns logs in a rank that Keras can reduce over workers.

    It takes their mean on axis 0, which a scalar does not have.
    """
    strategy = tf.distribute.get_strategy()
    several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    if not several or tf.distribute.in_cross_replica_context():
        return logs
    return {key: ops.reshape(value, (1,)) for key, value in logs.items()}


@contextlib.contextmanager
def synchronized_norms(model: Any) -> Iterator[None]:
    """Synchronizes batch normalization over replicas."""
    norms = []
    if model.distribute_strategy.num_replicas_in_sync > 1:
        norms = [
            layer
            for layer in flat_layers(model)
            if isinstance(layer, keras.layers.BatchNormalization)
            and not layer.synchronized
        ]
    for norm in norms:
        norm.synchronized = True
    try:
        yield
    finally:
        for norm in norms:
            norm.synchronized = False
