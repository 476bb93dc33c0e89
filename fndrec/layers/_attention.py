"""Attention among the few items of a set, in the way that is faster.

Sets hold a handful of items, so that the matrices of each set and head are
tiny: what multiplies thousands of them spends its time between them. Where
sets and heads are small enough, products item by item over all sets at once
are faster, by half with 16 dimensions. Both ways give the same.
"""

from typing import Any

from keras import ops

# Up to so many items, and items times dimensions of a head, products item by
# item are faster on CPUs, training or not; from there on they are slower.
FEW_ITEMS = 4
FEW_PRODUCTS = 48

# Added to the logits of absent items: no weight in a softmax, and finite.
ABSENT = -1e9


def attention(
    query: Any, key: Any, value: Any, present: Any, num_heads: int
) -> Any:
    """What each item of a set takes from all items of it.

    Args:
        query: Float tensor `(sets, items, dim)`, scaled.
        key: As `query`.
        value: As `query`.
        present: Boolean tensor `(sets, items)`, or `None` where all are.
        num_heads: Number of heads; divides `dim`.

    Returns:
        Float tensor `(sets, items, dim)`.
    """
    size, dim = query.shape[1:]
    bias = (
        None
        if present is None
        else ops.where(present, 0.0, ops.cast(ABSENT, "float32"))
    )
    few = size is not None and size <= FEW_ITEMS
    if few and size * dim // num_heads <= FEW_PRODUCTS:
        return by_item(query, key, value, bias, num_heads)
    return by_set(query, key, value, bias, num_heads)


def by_set(query: Any, key: Any, value: Any, bias: Any, num_heads: int) -> Any:
    """`attention` as one product of matrices a set and head."""
    shape = ops.shape(query)
    dim = query.shape[-1]

    def heads(x: Any) -> Any:
        x = ops.reshape(x, (-1, shape[1], num_heads, dim // num_heads))
        return ops.transpose(x, (0, 2, 1, 3))

    query, key, value = heads(query), heads(key), heads(value)
    logits = ops.cast(ops.einsum("nhqd,nhkd->nhqk", query, key), "float32")
    if bias is not None:
        logits = logits + bias[:, None, None, :]
    weights = ops.cast(ops.softmax(logits, axis=-1), value.dtype)
    mixed = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
    return ops.reshape(mixed, shape)


def by_item(query: Any, key: Any, value: Any, bias: Any, num_heads: int) -> Any:
    """`attention` as products of numbers, one item after the other."""
    size, dim = query.shape[1:]
    every = range(size)
    logits = []
    for i in every:
        products = query * key[:, i : i + 1]
        found = ops.cast(of_heads(products, num_heads), "float32")
        if bias is not None:
            found = found + bias[:, i, None, None]
        logits.append(found)
    most = logits[0]
    for found in logits[1:]:
        most = ops.maximum(most, found)
    # The weights that come out do not depend on what is taken away.
    most = ops.stop_gradient(most)
    weights = [ops.exp(found - most) for found in logits]
    total = 1.0 / sum(weights[1:], start=weights[0])
    mixed = [
        of_dims(ops.cast(weights[i] * total, value.dtype), dim)
        * value[:, i : i + 1]
        for i in every
    ]
    return sum(mixed[1:], start=mixed[0])


def of_heads(x: Any, num_heads: int) -> Any:
    """`(sets, items, heads)` of `(sets, items, dim)`: sums over each head."""
    dim = x.shape[-1]
    rows = ops.matmul(
        ops.reshape(x, (-1, dim)),
        ops.transpose(_spread(num_heads, dim, x)),
    )
    return ops.reshape(rows, (-1, x.shape[1], num_heads))


def of_dims(x: Any, dim: int) -> Any:
    """`(sets, items, dim)` of `(sets, items, heads)`: each head's number."""
    num_heads = x.shape[-1]
    rows = ops.matmul(
        ops.reshape(x, (-1, num_heads)), _spread(num_heads, dim, x)
    )
    return ops.reshape(rows, (-1, x.shape[1], dim))


def _spread(num_heads: int, dim: int, like: Any) -> Any:
    """Ones `(heads, dim)` where a dimension is of a head."""
    ones = ops.eye(num_heads, dtype=like.dtype)
    return ops.repeat(ones, dim // num_heads, axis=1)
