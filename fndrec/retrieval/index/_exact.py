"""Exact search for the nearest vectors."""

import numpy as np
import tensorflow as tf

from fndrec.retrieval.index._growing import ALIGNMENT

# Below every cosine.
EXCLUDED = -2.0
# Cosines computed at once: 64 MB.
MAX_COSINES = 2**24
# Rows are copied out rather than masked if at most this share is allowed.
COPIED_SHARE = 0.1


def nearest(
    queries: np.ndarray,
    vectors: np.ndarray,
    k: int,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the nearest vectors to each query by cosine.

    Args:
        queries: Float32 unit vectors `(queries, dim)`.
        vectors: Float32 unit vectors `(rows, dim)`.
        k: Number of vectors.
        mask: Bool array `(rows,)`, true for allowed rows; all by default.

    Returns:
        Rows and cosines, each `(queries, min(k, allowed rows))`, best first.
        Of equal cosines the lower row comes first.
    """
    allowed = None
    if mask is not None:
        count = int(np.count_nonzero(mask))
        k = min(k, count)
        if count <= COPIED_SHARE * len(mask):
            allowed = np.flatnonzero(mask)
            vectors, mask = vectors[allowed], None
    k = min(k, len(vectors))
    rows = np.zeros((len(queries), k), np.int64)
    cosines = np.zeros((len(queries), k), np.float32)
    table = _as_tensor(vectors)
    step = max(1, MAX_COSINES // max(len(vectors), 1))
    for start in range(0, len(queries), step):
        part = slice(start, start + step)
        query = tf.convert_to_tensor(queries[part])
        if mask is None:
            best = _top_k(query, table, k)
        else:
            best = _masked_top_k(query, table, k, mask)
        cosines[part], rows[part] = best[0].numpy(), best[1].numpy()
    return (rows if allowed is None else allowed[rows]), cosines


def _as_tensor(array: np.ndarray) -> tf.Tensor:
    """Returns a tensor that shares the array's memory, or a copy if it cannot.

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
def _top_k(
    queries: tf.Tensor, vectors: tf.Tensor, k: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    cosines = tf.matmul(queries, vectors, transpose_b=True)
    return tf.math.top_k(cosines, k)


@tf.function(input_signature=(_MATRIX, _MATRIX, _NUMBER, _MASK))
def _masked_top_k(
    queries: tf.Tensor, vectors: tf.Tensor, k: tf.Tensor, mask: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    cosines = tf.matmul(queries, vectors, transpose_b=True)
    return tf.math.top_k(tf.where(mask[None], cosines, EXCLUDED), k)
