"""One batch of all replicas, and the shard of each."""

import dataclasses
from typing import Any

import tensorflow as tf

# Cut along the likes. `"liked"` and `"items"` are cut along their own rows.
BY_LIKE = ("user", "outfits", "views", "history")


@dataclasses.dataclass(frozen=True)
class BatchShards:
    """The shards of each batch that one process reads.

    A batch for all replicas is drawn as a whole, then cut into `total`
    shards. Sizes differ by at most one like and one item. Each distinct item
    is read and encoded by one replica alone. Item positions stay positions
    on the item axis of the whole batch. A batch with fewer items than shards
    repeats its items.

    Args:
        first: The first shard.
        count: Number of consecutive shards.
        total: Shards of a batch.
    """

    first: int
    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.first + self.count <= self.total:
            raise ValueError(
                "`shards` should be some of all shards. Received: "
                f"first={self.first}, count={self.count}, total={self.total}"
            )

    def split(self, batch: dict[str, Any]) -> tf.data.Dataset:
        """Returns the shards of a batch, for `flat_map`.

        Args:
            batch: A batch of `distinct_items`.

        Returns:
            A dataset of `count` batches. Each also has `"whole"`, what its
            replica must know of the other shards: `"user"`, the users of all
            likes, `"row"`, the rows of all items, and `"first"`, the position
            of its first like among all.
        """
        shards = tf.data.Dataset.range(self.first, self.first + self.count)
        return shards.map(lambda i: self._shard(batch, tf.cast(i, tf.int32)))

    def _shard(self, batch: dict[str, Any], at: Any) -> dict[str, Any]:
        def bounds(rows: Any) -> tuple[Any, Any]:
            size = tf.shape(rows)[0]
            return at * size // self.total, (at + 1) * size // self.total

        def cut(rows: Any) -> Any:
            start, end = bounds(rows)
            return rows[start:end]

        shard = {key: cut(batch[key]) for key in BY_LIKE if key in batch}
        if "liked" in batch:
            shard["liked"] = cut(batch["liked"])
        rows = batch["items"]["row"]
        # Convolutions can crash on a shard without items. Each item is
        # repeated equally often, so batch statistics stay the same.
        few = tf.maximum(tf.shape(rows)[0], 1)
        rows = tf.tile(rows, [-(-self.total // few)])
        return {
            **shard,
            "items": {"row": cut(rows)},
            "whole": {
                "user": batch["user"],
                "row": rows,
                "first": bounds(batch["user"])[0],
            },
        }
