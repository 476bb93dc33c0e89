"""Strings of which each distinct one is held once."""

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
    """A column of strings of which each distinct one is held once.

    Millions of likes name some thousand users and outfits: four bytes a like
    rather than the length of an id, and each id is looked at once.

    Args:
        values: The distinct strings, perhaps with some that no row has.
        codes: int32 array `(rows,)`: rows of `values`, -1 where a value is
            missing.
    """

    values: pa.StringArray
    codes: npt.NDArray[np.int32]

    @classmethod
    def encode(cls, text: pa.StringArray | pa.DictionaryArray) -> EncodedText:
        """Encodes strings, or takes them as they are encoded already."""
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
        """Returns for each row whether its value passes a test.

        Args:
            test: From strings to bools.
            null: What a missing value stands for.
        """
        passed = test(self.values).to_numpy(zero_copy_only=False)
        # A code of -1 finds the last.
        return np.append(passed, null).astype(np.bool_)[self.codes]

    def kept(self, keep: BoolArray) -> EncodedText:
        """Returns the rows of which `keep` is true."""
        return EncodedText(self.values, self.codes[keep])

    def distinct(self) -> pa.StringArray:
        """Returns the values that rows have, in order of first appearance."""
        codes, first = np.unique(self.codes, return_index=True)
        return self.values.take(pa.array(codes[np.argsort(first)]))
