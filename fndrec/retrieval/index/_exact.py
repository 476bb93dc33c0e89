"""The nearest of all vectors, none left out."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.retrieval.index._growing import ALIGNMENT

# Below every cosine.
REFUSED = -2.0
# Cosines at once: 64 MB.
CELLS = 2**24
# Up to this share of the rows are copied out rather than masked.
FEW = 0.1


def nearest(
    queries: np.ndarray,
    vectors: np.ndarray,
    k: int,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest vectors to each query, by cosine.

    Args:
        queries: Float32 unit vectors `(queries, dim)`.
        vectors: Float32 unit vectors `(rows, dim)`.
        k: How many.
        mask: bool `(rows,)`: which may be found; all by default.

    Returns:
        Rows and cosines, each `(queries, min(k, allowed rows))`, best first;
        of equal cosines the first row comes first.
    """
    allowed = None
    if mask is not None:
        count = int(np.count_nonzero(mask))
        k = min(k, count)
        if count <= FEW * len(mask):
            allowed = np.flatnonzero(mask)
            vectors, mask = vectors[allowed], None
    k = min(k, len(vectors))
    found = np.zeros((len(queries), k), np.int64)
    cosines = np.zeros((len(queries), k), np.float32)
    table = _shared(vectors)
    step = max(1, CELLS // max(len(vectors), 1))
    for start in range(0, len(queries), step):
        part = slice(start, start + step)
        query = tf.convert_to_tensor(queries[part])
        if mask is None:
            best = _best(query, table, k)
        else:
            best = _best_of(query, table, k, mask)
        cosines[part], found[part] = best[0].numpy(), best[1].numpy()
    return (found if allowed is None else allowed[found]), cosines


def _shared(array: np.ndarray) -> Any:
    """A tensor in the memory of an array where that can be, else a copy.

    TensorFlow itself would copy a million vectors for each search.
    """
    aligned = array.ctypes.data % ALIGNMENT == 0 and array.flags.c_contiguous
    if aligned and array.flags.writeable and array.size:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.convert_to_tensor(array)


_MATRIX = tf.TensorSpec((None, None), tf.float32)
_NUMBER = tf.TensorSpec((), tf.int32)
_MASK = tf.TensorSpec((None,), tf.bool)


@tf.function(input_signature=(_MATRIX, _MATRIX, _NUMBER))
def _best(queries: Any, vectors: Any, k: Any) -> Any:
    cosines = tf.matmul(queries, vectors, transpose_b=True)
    return tf.math.top_k(cosines, k)


@tf.function(input_signature=(_MATRIX, _MATRIX, _NUMBER, _MASK))
def _best_of(queries: Any, vectors: Any, k: Any, mask: Any) -> Any:
    cosines = tf.matmul(queries, vectors, transpose_b=True)
    return tf.math.top_k(tf.where(mask[None], cosines, REFUSED), k)
