"""Iterators that are still alive when the process ends."""

import atexit
import functools
import gc

import tensorflow as tf


@functools.cache
def release_at_exit() -> None:
    """Sees to it that a process ends though an iterator is left alive.

    Python, once it is shutting down, lets no other thread run Python any
    more. A prefetching thread of `tf.data` that just then wants to draw a
    batch waits for ever, and the iterator, which is destroyed with the module
    that holds it, waits for its thread: the process would not end. Before the
    shutdown both can still come to an end.
    """
    atexit.register(_release_iterators)


def _release_iterators() -> None:
    for thing in gc.get_objects():
        # Not `isinstance`, which asks the thing itself what it is.
        if issubclass(type(thing), tf.data.Iterator):
            vars(thing).clear()
