"""Similar items of the same category."""

import numpy as np

from fndrec.checks import positive_int

# Most similarities in memory at once.
BLOCK = 10_000_000


def similar_items(
    categories: np.ndarray,
    k: int = 16,
    vectors: np.ndarray | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Returns up to `k` other items of the same category for each item.

    Args:
        categories: Integer array `(items,)`.
        k: Most other items per item.
        vectors: Float array `(items, dim)`, such as a teacher's item
            vectors. The nearest items by cosine are chosen; without vectors,
            random ones.
        seed: Seed of the random draws.

    Returns:
        Int32 array `(items, k)` of item rows, padded with -1 if a category
        has fewer than `k` other items.

    Raises:
        ValueError: If `k` is not positive or the lengths differ.

    Example:

    >>> table = similar_items(data.item_category, k=16)
    >>> replace = fndrec.ReplaceItem(table)
    """
    k = positive_int("k", k)
    if vectors is not None and len(vectors) != len(categories):
        raise ValueError(
            "`vectors` should have one row an item. Received: "
            f"{len(vectors)} rows, {len(categories)} items"
        )
    rng = np.random.default_rng(seed)
    table = np.full((len(categories), k), -1, np.int32)
    order = np.argsort(categories, kind="stable")
    bounds = np.flatnonzero(np.diff(categories[order])) + 1
    for members in np.split(order, bounds):
        others = (
            _random_others(len(members), k, rng)
            if vectors is None
            else _nearest_others(vectors[members], k)
        )
        if others.shape[1]:
            table[members, : others.shape[1]] = members[others]
    return table


def _random_others(size: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Returns `k` distinct other positions per position.

    All positions take the same random steps on a shuffled circle.
    """
    k = min(k, size - 1)
    steps = rng.permutation(size - 1)[:k] + 1
    shuffled = rng.permutation(size)
    place = np.empty(size, np.int64)
    place[shuffled] = np.arange(size)
    return shuffled[(place[:, None] + steps) % size]


def _nearest_others(vectors: np.ndarray, k: int) -> np.ndarray:
    """Returns the positions of the nearest vectors by cosine."""
    size = len(vectors)
    k = min(k, size - 1)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(norms, 1e-12)
    nearest = np.empty((size, k), np.int64)
    block = max(1, BLOCK // size)
    for start in range(0, size, block):
        rows = np.arange(start, min(start + block, size))
        similarity = unit[rows] @ unit.T
        similarity[np.arange(len(rows)), rows] = -np.inf
        nearest[rows] = np.argsort(-similarity, axis=1)[:, :k]
    return nearest
