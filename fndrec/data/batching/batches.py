"""From likes to batches: views, candidates, distinct items, content."""

import functools
import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from fndrec.checks import non_negative_int, positive_int
from fndrec.data.batching.at_exit import release_at_exit
from fndrec.data.batching.history_sampler import HistorySampler
from fndrec.data.batching.negative_sampler import NegativeSampler
from fndrec.data.batching.shards import BatchShards

if TYPE_CHECKING:
    from fndrec.data.outfit_data import OutfitData

Sampling = str | Mapping[str, float]


def make_batches(
    data: "OutfitData",
    split: str,
    batch_size: int = 64,
    *,
    negatives: int = 10,
    negative_sampling: Sampling | None = None,
    views: tuple[Any, Any] | None = None,
    history: int | None = None,
    shuffle: bool | None = None,
    seed: int = 0,
    first_pass: int = 0,
    shards: BatchShards | None = None,
) -> tf.data.Dataset:
    """Makes the batches of `OutfitData.batches`."""
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
    release_at_exit()
    if negative_sampling is None:
        negative_sampling = "hard" if data.shares_outfits else "recombined"
    if shuffle is None:
        shuffle = split == "train"
    sampler = NegativeSampler(data, split, negative_sampling)
    likes = data.likes(split)
    histories = None if history is None else HistorySampler(data, history)
    # Only then do the likes of a user stand together.
    grouped = shuffle and split == "train"
    passes = itertools.count(first_pass)

    # A pass asks for its batches one after another; two may be read by turns.
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
        # From 1: a generator of its own for the order, and for each batch.
        rng = np.random.default_rng((seed, epoch, step + 1))
        start = step * batch_size
        rows = order_of(epoch)[start : start + batch_size]
        user, outfit = likes.user[rows], likes.outfit[rows]
        others = sampler(user, outfit, negatives, rng)
        liked = data.outfit_items[outfit][:, None]
        drawn = {
            "user": data.user_index[user],
            "outfits": np.concatenate([liked, others], axis=1),
        }
        if views is not None:
            drawn["noise"] = rng.random((2, len(rows), 2), np.float32)
        if histories is not None:
            take = histories.from_batch if grouped else histories.from_train
            found = take(user, outfit, rng)
            # Position 0 is that of -1: there is always an empty place.
            every = np.unique(np.append(found, -1))
            drawn["liked"] = data.outfit_items[every[1:]]
            at = np.searchsorted(every, found) - 1
            drawn["history"] = at.astype(np.int32)
        return drawn

    slots = data.num_slots
    signature = {
        "user": tf.TensorSpec((None,), tf.int32),
        "outfits": tf.TensorSpec((None, 1 + negatives, slots), tf.int32),
    }
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
    """The batches of a pass, a new one each time that it is read.

    Not by `from_generator`: from its first element on TensorFlow has the
    process give freed memory back at once, and each step asks for it anew.

    Args:
        start: Gives the number of a new pass.
        draw: Makes a batch of the number of its pass and its own.
        steps: Batches of a pass.
        signature: What they are made of.
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


def _view_maker(views: tuple[Any, Any]) -> Any:
    def make_views(batch: dict[str, Any]) -> dict[str, Any]:
        noise = batch.pop("noise")
        liked = batch["outfits"][:, 0]
        made = [view(liked, noise=noise[i]) for i, view in enumerate(views)]
        return {**batch, "views": tf.stack(made, axis=1)}

    return make_views


def distinct_items(batch: dict[str, Any]) -> dict[str, Any]:
    """Sets of catalogue rows to sets of positions on a batch's item axis.

    Args:
        batch: Dictionary whose `"outfits"`, and `"views"` and `"liked"` if
            there, hold catalogue rows, -1 padding.

    Returns:
        The dictionary with positions in their place, and `"items"`, which
        holds the catalogue `"row"` of each position.
    """
    keys = [key for key in ("outfits", "views", "liked") if key in batch]
    flat = tf.concat([tf.reshape(batch[key], (-1,)) for key in keys], axis=0)
    rows = tf.unique(tf.boolean_mask(flat, flat >= 0)).y
    # Sorted, so that a batch reads photos in the order they lie in.
    rows = tf.sort(rows)
    found = dict(batch)
    for key in keys:
        at = tf.searchsorted(rows, tf.reshape(batch[key], (-1,)))
        at = tf.reshape(at, tf.shape(batch[key]))
        found[key] = tf.ensure_shape(
            tf.where(batch[key] >= 0, at, -1), batch[key].shape
        )
    return {**found, "items": {"row": rows}}


def content_reader(data: "OutfitData") -> Any:
    """A function for `ds.map` that adds the content of the items.

    Args:
        data: The data set.

    Returns:
        A function from a batch of `distinct_items` to one whose `"items"`
        has the content too.
    """
    empty = data.content(np.zeros(0, np.int32))
    keys = [key for key in empty if key != "row"]

    def read(rows: np.ndarray) -> list[np.ndarray]:
        found = data.content(rows)
        return [found[key] for key in keys]

    def add_content(batch: dict[str, Any]) -> dict[str, Any]:
        rows = batch["items"]["row"]
        values = tf.numpy_function(
            read, [rows], [tf.as_dtype(empty[key].dtype) for key in keys]
        )
        items = {"row": rows}
        for key, value in zip(keys, values, strict=True):
            items[key] = tf.ensure_shape(value, (None, *empty[key].shape[1:]))
        return {**batch, "items": items}

    return add_content
