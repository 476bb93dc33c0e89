"""Attention among the few items of a set."""

from typing import Any

from keras import ops

# Up to this many numbers per set, multiplying all pairs of items elementwise is
# faster than one small matrix product per set and head.
FEW = 600
# Below any logit; defines the maximum over an empty batch.
LEAST = -1e30


def softmax(logits: Any, axis: int) -> Any:
    """Softmax over a short axis.

    The softmax of backends is made for long rows. This one takes half the
    time for rows of a few items.

    Args:
        logits: Float tensor.
        axis: Axis along which the weights sum to 1.

    Returns:
        Float tensor of the shape of `logits`.
    """
    # The maximum cancels out, so it needs no gradient.
    most = ops.max(logits, axis=axis, keepdims=True, initial=LEAST)
    most = ops.stop_gradient(most)
    weights = ops.exp(logits - most)
    return weights / ops.sum(weights, axis=axis, keepdims=True)


def attend(
    query: Any, key: Any, value: Any, present: Any, num_heads: int
) -> Any:
    """Multi-head attention among the items of each set.

    Args:
        query: Float tensor `(sets, items, dim)`, scaled.
        key: Float tensor `(sets, items, dim)`.
        value: Float tensor `(sets, items, dim)`.
        present: Boolean tensor `(sets, items)`, false where there is no
            item, or `None` for all.
        num_heads: Number of attention heads; divides `dim`.

    Returns:
        Float tensor `(sets, items, dim)`: values weighted by attention.
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
    """Computes attention from elementwise products of all item pairs."""
    items, dim = query.shape[1:]
    width = dim // num_heads
    # A 0/1 matrix that sums the numbers of each head. Its transpose repeats the
    # weight of a head for each of its numbers.
    into = [
        [float(i // width == j) for j in range(num_heads)] for i in range(dim)
    ]
    into_heads = ops.convert_to_tensor(into, query.dtype)
    from_heads = ops.convert_to_tensor(
        list(zip(*into, strict=True)), query.dtype
    )
    # Indexing with `None` would copy in the gradient.
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
    """Computes attention from one matrix product per set and head."""
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
