"""Ids that come in blocks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class GrowingIds:
    """Distinct ids of a column that comes in blocks, and a code of each.

    Holds each id once and four bytes a row.
    """

    def __init__(self) -> None:
        self.ids: pa.StringArray = pa.array([], pa.string())
        self._codes: list[npt.NDArray[np.int32]] = []
        self._pending: list[pa.DictionaryArray] = []
        self._waiting = 0

    def add(self, values: pa.StringArray) -> None:
        """Takes the next block."""
        encoded = values.dictionary_encode()
        self._pending.append(encoded)
        self._waiting += len(encoded.dictionary)
        # So that an id is looked up a few times, not once a block.
        if self._waiting > max(2**20, len(self.ids)):
            self._settle()

    def codes(self) -> npt.NDArray[np.int32]:
        """Returns the row in `ids` of every value so far."""
        self._settle()
        codes = self._codes or [np.zeros(0, np.int32)]
        self._codes = [np.concatenate(codes)]
        return self._codes[0]

    def _settle(self) -> None:
        new = [self.ids, *(block.dictionary for block in self._pending)]
        # In order of first appearance: codes given before stay true.
        self.ids = pc.unique(pa.chunked_array(new, pa.string()))
        for block in self._pending:
            rows = pc.index_in(block.dictionary, self.ids).to_numpy()
            self._codes.append(rows[block.indices.to_numpy()].astype(np.int32))
        self._pending = []
        self._waiting = 0
