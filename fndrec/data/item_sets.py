"""Outfits as sets of items: identity, distinct outfits, distinct items."""

import numpy as np


def set_keys(outfits: np.ndarray) -> np.ndarray:
    """Gives outfits keys, so that equal keys mean equal sets of items.

    A key depends on nothing but the set: keys of one call can be looked for
    among those of another.

    Args:
        outfits: Int array `(..., slots)` of item rows, -1 padding.

    Returns:
        Array of one opaque value each, `(outfits,)`, which can be sorted.
    """
    # Padding is 0 at the end, where NumPy looks past it: so sets compare
    # whatever the number of slots.
    rows = outfits.reshape(-1, outfits.shape[-1])
    ordered = np.ascontiguousarray(-np.sort(-(rows + 1), axis=1), dtype=">i4")
    width = ordered.dtype.itemsize * ordered.shape[1]
    return ordered.view(f"S{width}").ravel()


def set_ids(*tables: np.ndarray) -> list[np.ndarray]:
    """Numbers outfits so that equal numbers mean equal sets of items.

    Args:
        *tables: Int arrays `(outfits, slots)` of item rows, padded with -1.
            The number of slots may differ.

    Returns:
        An int64 array `(outfits,)` per table.
    """
    keys = np.concatenate([set_keys(table) for table in tables])
    same = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    return np.split(same, np.cumsum([len(table) for table in tables])[:-1])


def find_sets(keys: np.ndarray, outfits: np.ndarray) -> np.ndarray:
    """Finds outfits among sets of items.

    Args:
        keys: One key or more of `set_keys`, sorted.
        outfits: Int array `(..., slots)` of item rows, -1 padding.

    Returns:
        Positions `(...,)` in `keys`, -1 where a set is not among them.
    """
    asked = set_keys(outfits)
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[at] == asked, at, -1).reshape(outfits.shape[:-1])


def distinct_items(*tables: np.ndarray) -> np.ndarray:
    """Returns the rows of the items of outfits, ascending, each once.

    Args:
        *tables: Int arrays `(..., slots)` of item rows, -1 padding.
    """
    rows = np.unique(np.concatenate([table.ravel() for table in tables]))
    return rows[rows >= 0]


def distinct_items_of(
    *tables: np.ndarray,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Returns the distinct items of outfits, and the outfits as positions.

    Args:
        *tables: Int arrays `(..., slots)` of item rows, padded with -1.

    Returns:
        The distinct item rows, ascending, and per table an int32 array of
        the same shape with positions among them, padded with -1.
    """
    rows = distinct_items(*tables)
    return rows, [
        np.where(table >= 0, np.searchsorted(rows, table), -1).astype(np.int32)
        for table in tables
    ]


def distinct_outfits_of(outfits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the distinct outfits, and the position of each outfit there.

    The order of the slots counts: results for the same items in another
    order can differ in their last digits.

    Args:
        outfits: Int array `(outfits, slots)`.

    Returns:
        Int array `(distinct, slots)`, and int array `(outfits,)` of its rows.
    """
    # One hash per outfit sorts ten times as fast as rows do.
    keys = outfits.astype(np.int64) @ _factors(outfits.shape[1])
    _, first, rows = np.unique(keys, return_index=True, return_inverse=True)
    distinct = outfits[first]
    if not np.array_equal(distinct[rows], outfits):
        # Different outfits have the same hash, which is very unlikely.
        distinct, rows = np.unique(outfits, axis=0, return_inverse=True)
    return distinct, rows.reshape(-1)


def _factors(slots: int) -> np.ndarray:
    """Returns random factors, one per slot, that hash an outfit."""
    return np.random.default_rng(0).integers(
        np.iinfo(np.int64).max, size=slots, dtype=np.int64
    )
