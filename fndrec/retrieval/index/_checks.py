"""Checks of the arguments of an index."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fndrec import checks
from fndrec.data import Vocabulary

# How far from 1 the length of a unit vector may be.
TOLERANCE = 1e-3


def unit_vectors(
    argument: str, vectors: npt.ArrayLike, dim: int | None = None
) -> npt.NDArray[np.float32]:
    """Returns vectors as a float32 array.

    Args:
        argument: Name of the argument, for errors.
        vectors: The vectors.
        dim: Expected width; any by default.

    Raises:
        ValueError: If they are not unit vectors of that width.
    """
    table = np.ascontiguousarray(vectors, dtype=np.float32)
    if table.ndim != 2 or dim not in (None, table.shape[1]):
        raise ValueError(
            f"`{argument}` should be an array (vectors, {dim or 'dim'}). "
            f"Received: shape {table.shape}"
        )
    length = np.sqrt(np.einsum("nd,nd->n", table, table))
    # Written so that NaN fails.
    wrong = ~(np.abs(length - 1) <= TOLERANCE)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"`{argument}` should be unit vectors. Received: length "
            f"{length[row]:.4g} in row {row}"
        )
    return table


def new_ids(ids: Sequence[str], count: int) -> pa.StringArray:
    """Returns ids; raises unless they are `count` distinct strings."""
    array = Vocabulary(checks.ids("outfit_ids", ids)).ids
    if len(array) != count:
        raise ValueError(
            f"`outfit_ids` should hold an id for each of {count} vectors. "
            f"Received: {len(array)}"
        )
    return array


def item_lists(
    item_ids: Sequence[Sequence[str]] | None, count: int
) -> Sequence[Sequence[str]]:
    """Returns the items of each outfit, empty lists if `item_ids` is None."""
    if item_ids is None:
        return [()] * count
    if len(item_ids) != count:
        raise ValueError(
            f"`item_ids` should hold items for each of {count} vectors. "
            f"Received: {len(item_ids)}"
        )
    for row, ids in enumerate(item_ids):
        checks.ids(f"item_ids[{row}]", ids)
    return item_ids
