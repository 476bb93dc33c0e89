"""Distributes batches over the replicas of a strategy."""

from typing import Any

import tensorflow as tf

from fndrec.checks import positive_int
from fndrec.data import BatchShards, OutfitData


def distribute(
    data: OutfitData,
    split: str,
    batch_size: int,
    strategy: Any,
    **kwargs: Any,
) -> Any:
    """Distributes batches of likes over the replicas of a strategy.

    What is to be given to `fit`, `evaluate` and `predict` of a model made in
    `strategy.scope()`, in place of `data.batches`, whose batches a strategy
    would tear apart. Every process draws the same batches from the seed and
    takes its own share: of the likes, and of the distinct items, so that
    each of these is read and encoded by one replica alone. The vectors are
    then gathered, and with them what stands against a like: a batch gives the
    same loss and the same gradients on any number of replicas.

    Args:
        data: The data set, the same in each process.
        split: Name of the split.
        batch_size: Likes in a batch of all replicas together.
        strategy: A `tf.distribute.MirroredStrategy`,
            `MultiWorkerMirroredStrategy` or `OneDeviceStrategy`, or the
            default strategy.
        **kwargs: See `OutfitData.batches`.

    Returns:
        A distributed dataset of what `OutfitData.batches` describes, with
        `"whole"`, see `BatchShards.split`.

    Raises:
        ValueError: If an argument is out of its range, or there are fewer
            likes in a batch than replicas.
        DataError: If there is no such split.

    Example:

    >>> strategy = tf.distribute.MirroredStrategy()
    >>> with strategy.scope():
    ...     teacher = fndrec.FNDTeacher.from_data(data)
    ...     teacher.compile(keras.optimizers.AdamW(1e-3))
    >>> teacher.fit(fndrec.distribute(data, "train", 256, strategy), epochs=9)
    """
    batch_size = positive_int("batch_size", batch_size)
    replicas = strategy.num_replicas_in_sync
    if batch_size < replicas:
        raise ValueError(
            "`batch_size` should be one like a replica or more, as all "
            f"{replicas} share a batch. Received: batch_size={batch_size}"
        )
    # Bad arguments are the caller's, not those of a function within another.
    steps = int(data.batches(split, batch_size, **kwargs).cardinality())

    def shares(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * here
        return data.batches(
            split,
            batch_size,
            shards=BatchShards(first, here, replicas),
            **kwargs,
        )

    found = strategy.distribute_datasets_from_function(shares)
    # TensorFlow takes that of the shares of a process, one a replica.
    if hasattr(found, "_cardinality"):
        found._cardinality = steps
    return found
