"""Batches of likes: order, candidates, views and item content."""

import atexit
import functools
import gc
import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from fndrec.checks import non_negative_int, positive_int
from fndrec.data.batching.candidate_frequencies import CandidateFrequencies
from fndrec.data.batching.history_sampler import HistorySampler
from fndrec.data.batching.negative_sampler import NegativeSampler
from fndrec.data.batching.shards import BatchShards

if TYPE_CHECKING:
    from fndrec.data.outfit_data import OutfitData

Sampling = str | Mapping[str, float]
Views = tuple[keras.layers.Layer, keras.layers.Layer]
Batch = dict[str, Any]


def make_batches(
    data: "OutfitData",
    split: str,
    batch_size: int = 64,
    *,
    negatives: int = 10,
    negative_sampling: Sampling | None = None,
    views: Views | None = None,
    history: int | None = None,
    sampling_probability: bool = False,
    shuffle: bool | None = None,
    seed: int = 0,
    first_pass: int = 0,
    shards: BatchShards | None = None,
) -> tf.data.Dataset:
    """Returns the batches that `OutfitData.batches` documents."""
    batch_size = positive_int("batch_size", batch_size)
    negatives = non_negative_int("negatives", negatives)
    if views is not None and len(views) != 2:
        raise ValueError(
            "`views` should be two layers. "
            f"Received: {len(views)} of them, views={views}"
        )
    if history is not None:
        history = positive_int("history", history)
    seed = non_negative_int("seed", seed)
    first_pass = non_negative_int("first_pass", first_pass)
    _release_iterators_at_exit()
    if negative_sampling is None:
        negative_sampling = "hard" if data.shares_outfits else "recombined"
    if shuffle is None:
        shuffle = split == "train"
    sampler = NegativeSampler(data, split, negative_sampling)
    likes = data.likes(split)
    frequencies = None
    if sampling_probability:
        frequencies = CandidateFrequencies(data, split, negatives, sampler)
    histories = None if history is None else HistorySampler(data, history)
    # Only these passes keep the likes of a user together.
    grouped = shuffle and split == "train"
    passes = itertools.count(first_pass)

    # Each pass reads its batches in order; two passes may alternate.
    @functools.lru_cache(maxsize=2)
    def order_of(epoch: int) -> np.ndarray:
        order = np.arange(len(likes))
        if not shuffle:
            return order
        rng = np.random.default_rng((seed, epoch, 0))
        if histories is not None and grouped:
            return histories.order(likes.user, rng)
        return rng.permutation(order)

    def draw(epoch: int, step: int) -> dict[str, np.ndarray]:
        # The order has generator 0, each batch has one of its own from 1.
        rng = np.random.default_rng((seed, epoch, step + 1))
        start = step * batch_size
        rows = order_of(epoch)[start : start + batch_size]
        user, outfit = likes.user[rows], likes.outfit[rows]
        negative_sets = sampler(user, outfit, negatives, rng)
        liked = data.outfit_items[outfit][:, None]
        candidates = np.concatenate([liked, negative_sets], axis=1)
        batch = {"user": data.user_index[user], "outfits": candidates}
        if frequencies is not None:
            batch |= frequencies(candidates)
        if views is not None:
            batch["noise"] = rng.random((2, len(rows), 2), np.float32)
        if histories is not None:
            sample = histories.from_batch if grouped else histories.from_train
            history_rows = sample(user, outfit, rng)
            # The padding, -1, is always there and comes first.
            distinct = np.unique(np.append(history_rows, -1))
            batch["liked"] = data.outfit_items[distinct[1:]]
            positions = np.searchsorted(distinct, history_rows) - 1
            batch["history"] = positions.astype(np.int32)
        return batch

    slots = data.num_slots
    signature = {
        "user": tf.TensorSpec((None,), tf.int32),
        "outfits": tf.TensorSpec((None, 1 + negatives, slots), tf.int32),
    }
    if frequencies is not None:
        shape = (None, 1 + negatives)
        signature["candidate_ids"] = tf.TensorSpec(shape, tf.int32)
        signature["sampling_probability"] = tf.TensorSpec(shape, tf.float32)
    if views is not None:
        signature["noise"] = tf.TensorSpec((2, None, 2), tf.float32)
    if history is not None:
        signature["liked"] = tf.TensorSpec((None, slots), tf.int32)
        signature["history"] = tf.TensorSpec((None, history), tf.int32)
    steps = -(-len(likes) // batch_size)
    dataset = _passes(
        lambda: next(passes) if shuffle else 0, draw, steps, signature
    )
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    if views is not None:
        dataset = dataset.map(_view_maker(views))
    dataset = dataset.map(distinct_items)
    if shards is not None:
        dataset = dataset.flat_map(shards.split)
        steps *= shards.count
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    return dataset.map(content_reader(data)).prefetch(tf.data.AUTOTUNE)


def _passes(
    start: Callable[[], int],
    draw: Callable[[int, int], dict[str, np.ndarray]],
    steps: int,
    signature: dict[str, tf.TensorSpec],
) -> tf.data.Dataset:
    """Returns the batches of one pass; each iteration is a new pass.

    `from_generator` is slower: once it has been used, TensorFlow makes the
    process return freed memory at once, and each step allocates it again.

    Args:
        start: Returns the number of a new pass.
        draw: Returns a batch, given the numbers of the pass and the batch.
        steps: Batches per pass.
        signature: Specification of the tensors of a batch.
    """

    def batch(epoch: tf.Tensor, step: tf.Tensor) -> dict[str, tf.Tensor]:
        values = tf.numpy_function(
            lambda epoch, step: list(draw(int(epoch), int(step)).values()),
            [epoch, step],
            [spec.dtype for spec in signature.values()],
        )
        return {
            key: tf.ensure_shape(value, spec.shape)
            for (key, spec), value in zip(
                signature.items(), values, strict=True
            )
        }

    def one_pass(_: tf.Tensor) -> tf.data.Dataset:
        epoch = tf.numpy_function(lambda: np.int64(start()), [], tf.int64)
        return tf.data.Dataset.range(steps).map(lambda step: batch(epoch, step))

    return tf.data.Dataset.range(1).flat_map(one_pass)


def _view_maker(views: Views) -> Callable[[Batch], Batch]:
    def add_views(batch: Batch) -> Batch:
        noise = batch.pop("noise")
        liked = batch["outfits"][:, 0]
        outfits = [view(liked, noise=noise[i]) for i, view in enumerate(views)]
        return {**batch, "views": tf.stack(outfits, axis=1)}

    return add_views


def distinct_items(batch: Batch) -> Batch:
    """Replaces catalogue rows by positions on an item axis of the batch.

    Args:
        batch: Dictionary whose `"outfits"` hold catalogue rows, padded with
            -1, as do `"views"` and `"liked"` if present.

    Returns:
        The dictionary with positions in their place, and with `"items"`,
        whose `"row"` is the catalogue row of each position.
    """
    keys = [key for key in ("outfits", "views", "liked") if key in batch]
    flat = tf.concat([tf.reshape(batch[key], (-1,)) for key in keys], axis=0)
    rows = tf.unique(tf.boolean_mask(flat, flat >= 0)).y
    # Sorted, so that photos are read in the order of the file.
    rows = tf.sort(rows)
    encoded = dict(batch)
    for key in keys:
        positions = tf.searchsorted(rows, tf.reshape(batch[key], (-1,)))
        positions = tf.reshape(positions, tf.shape(batch[key]))
        encoded[key] = tf.ensure_shape(
            tf.where(batch[key] >= 0, positions, -1), batch[key].shape
        )
    return {**encoded, "items": {"row": rows}}


def content_reader(data: "OutfitData") -> Callable[[Batch], Batch]:
    """Returns a function for `ds.map` that adds the content of the items.

    Args:
        data: The data set.

    Returns:
        A function that takes a batch of `distinct_items` and adds the
        content to its `"items"`.
    """
    empty = data.content(np.zeros(0, np.int32))
    keys = [key for key in empty if key != "row"]

    def read(rows: np.ndarray) -> list[np.ndarray]:
        content = data.content(rows)
        return [content[key] for key in keys]

    def add_content(batch: Batch) -> Batch:
        rows = batch["items"]["row"]
        values = tf.numpy_function(
            read, [rows], [tf.as_dtype(empty[key].dtype) for key in keys]
        )
        items = {"row": rows}
        for key, value in zip(keys, values, strict=True):
            items[key] = tf.ensure_shape(value, (None, *empty[key].shape[1:]))
        return {**batch, "items": items}

    return add_content


@functools.cache
def _release_iterators_at_exit() -> None:
    """Ensures that a process ends even if an iterator is still alive.

    During shutdown, Python stops all other threads from running Python code.
    A prefetching thread of `tf.data` that is about to draw a batch then waits
    forever. The iterator, destroyed along with the module that holds it,
    waits for that thread, and the process never ends. Released before the
    shutdown, both can finish.
    """
    atexit.register(_release_iterators)


def _release_iterators() -> None:
    for item in gc.get_objects():
        # `isinstance` would ask the object for its `__class__`.
        if issubclass(type(item), tf.data.Iterator):
            vars(item).clear()
