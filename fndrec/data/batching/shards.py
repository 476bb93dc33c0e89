"""Shards of a batch, one per replica."""

import dataclasses
from typing import Any

import tensorflow as tf

# Keys cut by like. `"liked"` and `"items"` are cut by their own rows.
BY_CANDIDATE = ("candidate_ids", "sampling_probability")
BY_LIKE = ("user", "outfits", "views", "history", *BY_CANDIDATE)


@dataclasses.dataclass(frozen=True)
class BatchShards:
    """The shards of each batch that one process reads.

    A batch for all replicas is drawn as a whole and cut into `total` shards.
    Their sizes differ by at most one like and one item. Only one replica
    reads and encodes each distinct item. Item positions still refer to the
    item axis of the whole batch. A batch with fewer items than shards repeats
    its items.

    Args:
        first: The first shard.
        count: Number of consecutive shards.
        total: Number of shards per batch.
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
            A dataset of `count` batches. Each has one more key, `"whole"`,
            that describes the whole batch to its replica: `"user"`, the users
            of all likes, `"row"`, the rows of all items, and `"first"`, the
            position of the shard's first like; and ids and probabilities of
            all candidates, if the batch has them.
        """
        shards = tf.data.Dataset.range(self.first, self.first + self.count)
        return shards.map(lambda i: self._shard(batch, tf.cast(i, tf.int32)))

    def _shard(
        self, batch: dict[str, Any], number: tf.Tensor
    ) -> dict[str, Any]:
        def bounds(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            size = tf.shape(rows)[0]
            start = number * size // self.total
            return start, (number + 1) * size // self.total

        def cut(rows: tf.Tensor) -> tf.Tensor:
            start, end = bounds(rows)
            return rows[start:end]

        shard = {key: cut(batch[key]) for key in BY_LIKE if key in batch}
        if "liked" in batch:
            shard["liked"] = cut(batch["liked"])
        rows = batch["items"]["row"]
        # Convolutions can crash on a shard without items. All items are
        # repeated equally often, so batch statistics stay the same.
        count = tf.maximum(tf.shape(rows)[0], 1)
        rows = tf.tile(rows, [-(-self.total // count)])
        return {
            **shard,
            "items": {"row": cut(rows)},
            "whole": {
                **{key: batch[key] for key in BY_CANDIDATE if key in batch},
                "user": batch["user"],
                "row": rows,
                "first": bounds(batch["user"])[0],
            },
        }
