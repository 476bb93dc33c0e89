"""Columns of strings that store each distinct string once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class EncodedText:
    """A column of strings that stores each distinct string once.

    Millions of likes name only thousands of users and outfits. Encoded, a
    like takes four bytes instead of an id, and each id is checked once.

    Args:
        values: The distinct strings. Some may occur in no row.
        codes: int32 array `(rows,)` of rows of `values`, -1 for missing
            values.
    """

    values: pa.StringArray
    codes: npt.NDArray[np.int32]

    @classmethod
    def encode(cls, text: pa.StringArray | pa.DictionaryArray) -> EncodedText:
        """Encodes strings, unless they are encoded already."""
        if pa.types.is_dictionary(text.type):
            values = text.dictionary.cast(pa.string())
            if len(pc.unique(values)) < len(values) or values.null_count:
                text = text.dictionary_decode().cast(pa.string())
        if not pa.types.is_dictionary(text.type):
            text = text.dictionary_encode()
        codes = pc.fill_null(text.indices, -1).to_numpy(zero_copy_only=False)
        return cls(
            text.dictionary.cast(pa.string()),
            codes.astype(np.int32, copy=False),
        )

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> pa.Scalar:
        code = int(self.codes[row])
        return self.values[code] if code >= 0 else pa.scalar(None, pa.string())

    def mask(
        self, test: Callable[[pa.StringArray], pa.Array], null: bool
    ) -> BoolArray:
        """Returns whether the value of each row passes a test.

        Args:
            test: Maps strings to bools.
            null: Result for missing values.
        """
        passed = test(self.values).to_numpy(zero_copy_only=False)
        # Code -1, a missing value, selects the last entry.
        return np.append(passed, null).astype(np.bool_)[self.codes]

    def kept(self, keep: BoolArray) -> EncodedText:
        """Returns the rows where `keep` is true."""
        return EncodedText(self.values, self.codes[keep])

    def distinct(self) -> pa.StringArray:
        """Returns the distinct values, in order of first appearance."""
        codes, first = np.unique(self.codes, return_index=True)
        return self.values.take(pa.array(codes[np.argsort(first)]))
