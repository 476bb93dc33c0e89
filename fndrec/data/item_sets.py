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
