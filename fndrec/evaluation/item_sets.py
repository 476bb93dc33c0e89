"""Which outfits are the same."""

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
