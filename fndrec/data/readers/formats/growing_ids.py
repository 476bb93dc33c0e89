"""Encoding of ids that arrive in blocks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class GrowingIds:
    """Encodes a column of ids that arrives in blocks.

    It stores each distinct id once, and four bytes per row.

    Attributes:
        ids: The distinct ids, in order of first appearance.
    """

    def __init__(self) -> None:
        self.ids: pa.StringArray = pa.array([], pa.string())
        self._codes: list[npt.NDArray[np.int32]] = []
        self._pending: list[pa.DictionaryArray] = []
        self._pending_ids = 0

    def add(self, values: pa.StringArray) -> None:
        """Adds a block of ids."""
        encoded = values.dictionary_encode()
        self._pending.append(encoded)
        self._pending_ids += len(encoded.dictionary)
        # Merging rarely keeps the number of lookups per id low.
        if self._pending_ids > max(2**20, len(self.ids)):
            self._merge()

    def codes(self) -> npt.NDArray[np.int32]:
        """Returns the row in `ids` of each value added so far."""
        self._merge()
        codes = self._codes or [np.zeros(0, np.int32)]
        self._codes = [np.concatenate(codes)]
        return self._codes[0]

    def _merge(self) -> None:
        ids = [self.ids, *(block.dictionary for block in self._pending)]
        # `unique` keeps the order, so earlier codes stay valid.
        self.ids = pc.unique(pa.chunked_array(ids, pa.string()))
        for block in self._pending:
            rows = pc.index_in(block.dictionary, self.ids).to_numpy()
            self._codes.append(rows[block.indices.to_numpy()].astype(np.int32))
        self._pending = []
        self._pending_ids = 0
