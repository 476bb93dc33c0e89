"""One batch of all replicas, and the share of each."""

import dataclasses
from typing import Any

import tensorflow as tf

# What is cut by likes; of `"liked"` and `"items"` the rows are.
OF_LIKES = ("user", "outfits", "views", "history")


@dataclasses.dataclass(frozen=True)
class Shares:
    """Which shares of each batch a process reads.

    A batch of all replicas is drawn as a whole, then cut into `total` shares
    that differ by one like and one item at the most: likes, and the distinct
    items of the batch, each of which is read and encoded by one replica
    alone. Positions of items stay those on the item axis of the whole batch.
    Where there are fewer items than shares, the items follow one another again.

    Args:
        first: The first share.
        count: How many shares follow one another.
        total: Shares of a batch.
    """

    first: int
    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.first + self.count <= self.total:
            raise ValueError(
                "`shares` should be some of all shares. Received: "
                f"first={self.first}, count={self.count}, total={self.total}"
            )

    def split(self, batch: dict[str, Any]) -> tf.data.Dataset:
        """The shares of a batch, for `flat_map` after `distinct_items`.

        Args:
            batch: A batch of `distinct_items`.

        Returns:
            A dataset of `count` batches. Each has `"whole"` too, what its
            replica has to know of the others' shares: `"user"`, the users of
            all likes, `"row"`, the rows of all items, and `"first"`, the
            position of its first like among all.
        """
        shares = tf.data.Dataset.range(self.first, self.first + self.count)
        return shares.map(lambda i: self._share(batch, tf.cast(i, tf.int32)))

    def _share(self, batch: dict[str, Any], at: Any) -> dict[str, Any]:
        def bounds(rows: Any) -> tuple[Any, Any]:
            size = tf.shape(rows)[0]
            return at * size // self.total, (at + 1) * size // self.total

        def cut(rows: Any) -> Any:
            start, end = bounds(rows)
            return rows[start:end]

        found = {key: cut(batch[key]) for key in OF_LIKES if key in batch}
        if "liked" in batch:
            found["liked"] = cut(batch["liked"])
        rows = batch["items"]["row"]
        # No share is without an item, on which convolutions can crash. All
        # are there equally often, which changes no statistics of them.
        few = tf.maximum(tf.shape(rows)[0], 1)
        rows = tf.tile(rows, [-(-self.total // few)])
        return {
            **found,
            "items": {"row": cut(rows)},
            "whole": {
                "user": batch["user"],
                "row": rows,
                "first": bounds(batch["user"])[0],
            },
        }
