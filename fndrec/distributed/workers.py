"""Tells the chief of several workers."""

from typing import Any

import tensorflow as tf


def is_chief(strategy: Any = None) -> bool:
    """Returns whether this process is the chief, which writes shared files.

    Args:
        strategy: A `tf.distribute` strategy; the current one by default.

    Returns:
        True for the first worker, and where there is one process alone.

    Example:

    >>> if fndrec.distributed.is_chief(strategy):
    ...     model.save("teacher.keras")
    """
    strategy = strategy or tf.distribute.get_strategy()
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    if resolver.task_type == "worker":
        # A job named chief comes first where there is one.
        jobs = resolver.cluster_spec().jobs
        return resolver.task_id == 0 and "chief" not in jobs
    return bool(resolver.task_type == "chief")
