"""Which outfits are the same, and of which items they are."""

import numpy as np


def set_ids(*tables: np.ndarray) -> list[np.ndarray]:
    """Numbers outfits so that equal numbers mean equal sets of items.

    Args:
        *tables: Int arrays `(outfits, slots)` of item rows, -1 padding; the
            number of slots may differ.

    Returns:
        For each table an int array `(outfits,)`.
    """
    width = max(table.shape[1] for table in tables)
    padded = [
        np.pad(t, ((0, 0), (0, width - t.shape[1])), constant_values=-1)
        for t in tables
    ]
    ordered = np.sort(np.concatenate(padded), axis=1)
    same = np.unique(ordered, axis=0, return_inverse=True)[1].reshape(-1)
    return np.split(same, np.cumsum([len(table) for table in tables])[:-1])


def distinct_items_of(
    *tables: np.ndarray,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The distinct items of outfits, and the outfits in terms of them.

    Args:
        *tables: Int arrays `(..., slots)` of item rows, -1 padding.

    Returns:
        The item rows, ascending, and for each table an int32 array of its
        shape with positions among them, -1 padding.
    """
    every = np.unique(np.concatenate([table.ravel() for table in tables]))
    rows = every[every >= 0]
    return rows, [
        np.where(table >= 0, np.searchsorted(rows, table), -1).astype(np.int32)
        for table in tables
    ]


def distinct_outfits_of(outfits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct outfits among many, and where each is among them.

    Outfits of the same items in other slots are others: what is computed of
    them can differ in its last digits.

    Args:
        outfits: Int array `(outfits, slots)`.

    Returns:
        Int array `(distinct, slots)`, and an int array `(outfits,)` of rows
        of it.
    """
    # Numbers sort ten times as fast as rows do.
    keys = outfits.astype(np.int64) @ _factors(outfits.shape[1])
    _, first, at = np.unique(keys, return_index=True, return_inverse=True)
    distinct = outfits[first]
    if not np.array_equal(distinct[at], outfits):
        # Some rows share a number: hardly ever by chance.
        distinct, at = np.unique(outfits, axis=0, return_inverse=True)
    return distinct, at.reshape(-1)


def _factors(slots: int) -> np.ndarray:
    """Numbers whose products with different rows have different sums."""
    return np.random.default_rng(0).integers(
        np.iinfo(np.int64).max, size=slots, dtype=np.int64
    )
