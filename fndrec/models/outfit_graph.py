"""A graph that encodes outfits in large blocks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.data.item_sets import distinct_items_of

# A block is split into parts that run side by side in the graph: operations on
# small sets use several cores poorly, and the intermediates of a part fit into
# the caches.
PARTS = 4
BLOCK = 10_000


class OutfitGraph:
    """Computes unit vectors of any number of outfits, block by block.

    Args:
        encode: A function of item vectors `(items, dim)` and outfits
            `(outfits, slots)`, positions among the items padded with -1,
            that returns unit vectors.
        jit_compile: Whether to compile with XLA, once for each number of
            items and outfits.
    """

    def __init__(
        self, encode: Callable[[Any, Any], Any], jit_compile: bool = False
    ) -> None:
        self._part = tf.function(
            encode, reduce_retracing=True, jit_compile=jit_compile
        )
        self._parts = tf.function(self._in_parts, reduce_retracing=True)

    def _in_parts(self, item_vectors: Any, outfits: Any) -> Any:
        size = tf.shape(outfits)[0]
        part = size // PARTS
        sizes = [part] * (PARTS - 1) + [size - part * (PARTS - 1)]
        return tf.concat(
            [self._part(item_vectors, p) for p in tf.split(outfits, sizes)], 0
        )

    def __call__(
        self,
        item_vectors: np.ndarray,
        outfits: np.ndarray,
        block: int = BLOCK,
    ) -> np.ndarray:
        """Encodes outfits.

        Args:
            item_vectors: `(items, dim)`.
            outfits: `(outfits, slots)`, one or more, rows of `item_vectors`.
            block: Outfits encoded at once.

        Returns:
            Float32 array `(outfits, dim)`.
        """
        vectors = []
        for start in range(0, len(outfits), block):
            part, table = outfits[start : start + block], item_vectors
            if len(table) > part.size:
                # The encoder projects every item of the table, and a shop may
                # have a million.
                rows, (part,) = distinct_items_of(part)
                table = table[rows]
            graph = self._parts if len(part) > BLOCK // 2 else self._part
            vectors.append(
                graph(
                    tf.convert_to_tensor(table), tf.convert_to_tensor(part)
                ).numpy()
            )
        return vectors[0] if len(vectors) == 1 else np.concatenate(vectors)
