"""Attention among the few items of a set."""

from typing import Any

from keras import ops

# Numbers of a set, when each item is multiplied with each, up to which that is
# done: products of small matrices, one a set and head, cost more than that.
FEW = 600
# Below any logit. With it the maximum of no sets at all is defined.
LEAST = -1e30


def softmax(logits: Any, axis: int) -> Any:
    """Softmax over a short axis.

    What backends have for it is made for long rows: this takes half of their
    time for rows of some items.

    Args:
        logits: Float tensor.
        axis: Axis whose weights have the sum 1.

    Returns:
        Float tensor of the shape of `logits`.
    """
    # The maximum cancels out, and so does its gradient.
    most = ops.max(logits, axis=axis, keepdims=True, initial=LEAST)
    most = ops.stop_gradient(most)
    weights = ops.exp(logits - most)
    return weights / ops.sum(weights, axis=axis, keepdims=True)


def attend(
    query: Any, key: Any, value: Any, present: Any, num_heads: int
) -> Any:
    """What each item of a set sees in the others.

    Args:
        query: Float tensor `(sets, items, dim)`, scaled.
        key: Float tensor `(sets, items, dim)`.
        value: Float tensor `(sets, items, dim)`.
        present: Boolean tensor `(sets, items)`, false where there is no
            item, or `None` for all.
        num_heads: Number of attention heads; divides `dim`.

    Returns:
        Float tensor `(sets, items, dim)`: the values, weighted by each head.
    """
    items, dim = query.shape[1:]
    hidden = None
    if present is not None:
        hidden = ops.where(present, 0.0, -1e9)
    few = items is not None and items**2 * dim <= FEW
    way = _by_pairs if few else _by_matrices
    return way(query, key, value, hidden, num_heads)


def _by_pairs(
    query: Any, key: Any, value: Any, hidden: Any, num_heads: int
) -> Any:
    """Attention by the product of each item with each."""
    items, dim = query.shape[1:]
    width = dim // num_heads
    # Adds up what is of each head, and gives what is of a head to its numbers.
    into = [
        [float(i // width == j) for j in range(num_heads)] for i in range(dim)
    ]
    into_heads = ops.convert_to_tensor(into, query.dtype)
    from_heads = ops.convert_to_tensor(
        list(zip(*into, strict=True)), query.dtype
    )
    # Not by indexing with `None`, whose gradient copies.
    products = ops.expand_dims(query, 2) * ops.expand_dims(key, 1)
    products = ops.reshape(products, (-1, dim))
    logits = ops.reshape(
        ops.cast(ops.matmul(products, into_heads), "float32"),
        (-1, items, items, num_heads),
    )
    if hidden is not None:
        logits = logits + hidden[:, None, :, None]
    weights = ops.reshape(
        ops.cast(softmax(logits, axis=2), value.dtype), (-1, num_heads)
    )
    weights = ops.reshape(
        ops.matmul(weights, from_heads), (-1, items, items, dim)
    )
    return ops.sum(weights * ops.expand_dims(value, 1), axis=2)


def _by_matrices(
    query: Any, key: Any, value: Any, hidden: Any, num_heads: int
) -> Any:
    """Attention by a product of matrices for each set and head."""
    shape = ops.shape(query)
    query, key, value = (
        ops.reshape(part, (-1, shape[1], num_heads, shape[2] // num_heads))
        for part in (query, key, value)
    )
    query, value = (
        ops.transpose(part, (0, 2, 1, 3)) for part in (query, value)
    )
    logits = ops.matmul(query, ops.transpose(key, (0, 2, 3, 1)))
    logits = ops.cast(logits, "float32")
    if hidden is not None:
        logits = logits + hidden[:, None, None, :]
    weights = ops.cast(softmax(logits, axis=-1), value.dtype)
    mixed = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
    return ops.reshape(mixed, shape)
