"""Worker that recommends outfits to rows of users."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fndrec.distributed.exported import Exported


class RecommendUsers:
    """Recommends outfits to users with the signature `recommend`.

    Args:
        version: The SavedModel, exported with its data.
        k: Outfits for each user.
        batch_size: Users ranked at once.
    """

    columns: dict[str, tuple[str, ...]]

    def __init__(self, version: Path, k: int, batch_size: int = 256) -> None:
        self.model = Exported(version, "recommend")
        self.k = k
        self.batch_size = batch_size
        self.columns = {"user_id": ("strings",)}

    def __call__(
        self, table: pa.Table
    ) -> tuple[pa.Table, list[dict[str, Any]]]:
        """Recommends outfits to a batch of users.

        Args:
            table: Rows with `"user_id"`.

        Returns:
            `"user_id"`, `"known"`, and, best first, `"outfit_id"` and
            `"score"`, lists of `k` at the most; and of each row without an
            id its `"row"`, `"id"` and the `"reason"`.
        """
        every = table["user_id"].to_pylist()
        bad = [
            {"row": row, "id": None, "reason": "user_id: missing"}
            for row, user in enumerate(every)
            if user is None
        ]
        users = np.array([u for u in every if u is not None], dtype=object)
        found = [
            self.model(
                user_id=users[start : start + self.batch_size],
                k=np.full(
                    len(users[start : start + self.batch_size]),
                    self.k,
                    np.int32,
                ),
            )
            for start in range(0, len(users), self.batch_size)
        ]

        def lists(name: str, kind: Any) -> pa.Array:
            if not found:
                return pa.array([], pa.list_(kind))
            matrix = np.concatenate([one[name] for one in found])
            width = matrix.shape[1]
            offsets = np.arange(len(matrix) + 1, dtype=np.int32) * width
            values: Any = matrix.reshape(-1)
            if kind == pa.string():
                values = [value.decode() for value in values]
            return pa.ListArray.from_arrays(offsets, pa.array(values, kind))

        known = [one["known"] for one in found] or [np.zeros(0, bool)]
        made = {
            "user_id": pa.array(users.tolist(), pa.string()),
            "known": pa.array(np.concatenate(known)),
            "outfit_id": lists("outfit_id", pa.string()),
            "score": lists("score", pa.float32()),
        }
        return pa.table(made), bad
