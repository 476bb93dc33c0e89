"""Items, outfits and likes as integer arrays with their string ids."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from fndrec.checks import ids
from fndrec.data.batching.batches import Sampling, Views, make_batches
from fndrec.data.batching.shards import BatchShards
from fndrec.data.item_sets import distinct_items
from fndrec.data.likes import Likes
from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.photos.image_store import ImageStore, unreadable_photos
from fndrec.data.vocabulary import Vocabulary
from fndrec.errors import DataError

ScalarT = TypeVar("ScalarT", bound=np.generic)
IntArray = npt.NDArray[np.int32]
logger = logging.getLogger("fndrec.data")
# Most photos that one warning names.
SHOWN = 10

OnError = Literal["raise", "drop"]


@dataclass(frozen=True, eq=False, repr=False)
class OutfitData:
    """Checked items, outfits and likes of a shop, as integer arrays.

    `fndrec.load_data` reads a data set from files, and
    `fndrec.data.from_tables` builds one from tables in memory. A *row* is a
    position in `users`, `items` or `outfits`. An *index* is the input of a
    model: the row in the model's own vocabulary plus one, or 0 for an
    unknown id.

    Args:
        users: Ids of the users of all splits, those of train first.
        items: Ids of the items.
        outfits: Ids of the outfits.
        outfit_items: int32 array `(outfits, slots)` of item rows, padded at
            the end with -1 to the length of the longest outfit.
        splits: Likes by split: "train" and perhaps "valid" and "test".
        categories: Names of the item categories, sorted; None if unknown.
        item_category: int32 array `(items,)` of rows of `categories`.
        item_group: int32 array `(items,)`. Items of the same group may
            replace one another in a negative outfit. All zeros if nothing is
            known.
        groups: Names of the groups if they were given, None if inferred.
        features: float32 array `(items, features)` or None.
        photos: Path of each item's photo, relative to `photo_root`, or
            None.
        photo_root: Folder of the photos, None if there are none.
        name: Name of the folder read, or "in memory".
        vocabulary: The ids that a model of this data knows. By default the
            users with a like in train, the items of the outfits liked in
            train, and all categories.
        store: The decoded photos, once `with_photos` has loaded them.

    Example:

    ```python
    data = fndrec.data.from_tables(
        items=pa.table({"item_id": ["shirt", "skirt", "shoe"]}),
        outfits=pa.table(
            {"outfit_id": ["o1"], "item_ids": [["shirt", "shoe"]]}
        ),
        likes={"train": pa.table({"user_id": ["ann"], "outfit_id": ["o1"]})},
    )
    data.outfit_items  # array([[0, 2]], dtype=int32)
    ```
    """

    users: Vocabulary
    items: Vocabulary
    outfits: Vocabulary
    outfit_items: IntArray
    splits: dict[str, Likes]
    categories: Vocabulary | None
    item_category: IntArray | None
    item_group: IntArray
    groups: Vocabulary | None
    features: npt.NDArray[np.float32] | None
    photos: pa.StringArray | None
    photo_root: Path | None
    name: str = "in memory"
    vocabulary: ModelVocabulary = field(default=None)  # type: ignore[assignment]
    store: ImageStore | None = None

    def __post_init__(self) -> None:
        if self.vocabulary is None:
            object.__setattr__(self, "vocabulary", self.train_vocabulary())

    @property
    def num_users(self) -> int:
        """Number of users of all splits."""
        return len(self.users)

    @property
    def num_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def num_outfits(self) -> int:
        """Number of outfits."""
        return len(self.outfits)

    @property
    def num_slots(self) -> int:
        """Number of items of the longest outfit."""
        return self.outfit_items.shape[1]

    @cached_property
    def user_index(self) -> IntArray:
        """int32 array `(users,)`: row in `vocabulary.users` plus 1, or 0."""
        return self.vocabulary.users.rows(self.users.ids) + np.int32(1)

    @cached_property
    def item_index(self) -> IntArray:
        """int32 array `(items,)`: row in `vocabulary.items` plus 1, or 0."""
        return self.vocabulary.items.rows(self.items.ids) + np.int32(1)

    @cached_property
    def category_index(self) -> IntArray | None:
        """int32 array `(items,)`: row in `vocabulary.categories` plus 1, or 0.

        None if the data or the model has no categories.
        """
        vocabulary = self.vocabulary.categories
        if (
            vocabulary is None
            or self.categories is None
            or self.item_category is None
        ):
            return None
        index = vocabulary.rows(self.categories.ids) + np.int32(1)
        return index[self.item_category]

    def likes(self, split: str) -> Likes:
        """Returns the likes of a split.

        Raises:
            DataError: If there is no such split.
        """
        if split not in self.splits:
            raise DataError(
                f"`split` should be one of {list(self.splits)}. "
                f"Received: split={split!r}"
            )
        return self.splits[split]

    def with_vocabulary(self, vocabulary: ModelVocabulary) -> OutfitData:
        """Returns the same data with the indices of another model.

        Args:
            vocabulary: The ids that the model knows.
        """
        return dataclasses.replace(self, vocabulary=vocabulary)

    def with_photos(
        self,
        size: int = 64,
        cache_dir: str | os.PathLike[str] | None = None,
        on_error: OnError = "raise",
    ) -> OutfitData:
        """Returns the same data with decoded photos.

        Photos are decoded once, see `ImageStore.build`. Later calls reuse
        them.

        Args:
            size: Height and width to which photos are stretched.
            cache_dir: Folder for decoded photos. By default they are kept
                beside the photos.
            on_error: "raise" stops at a photo that cannot be decoded. "drop"
                drops items with such photos and all that depends on them.

        Raises:
            DataError: If the items have no photos, or one cannot be decoded.
        """
        if self.photos is None or self.photo_root is None:
            raise DataError(
                f"{self.name}: items with a column `image` were expected. "
                "Received: items without photos"
            )
        cache = None if cache_dir is None else Path(cache_dir)
        try:
            store = ImageStore.build(self.photos, self.photo_root, size, cache)
        except DataError:
            if on_error != "drop":
                raise
            # Checking all photos takes long, so it waits for a bad one.
            bad = unreadable_photos(self.photos, self.photo_root)
            if not bad:
                raise
            logger.warning(
                "Dropped %d items whose photo cannot be decoded: %s%s",
                len(bad),
                "; ".join(list(bad.values())[:SHOWN]),
                "; ..." if len(bad) > SHOWN else "",
            )
            rows = np.fromiter(bad, np.int32)
            return self.without_items(rows).with_photos(size, cache_dir)
        return dataclasses.replace(self, store=store)

    def without_items(self, rows: npt.NDArray[np.integer]) -> OutfitData:
        """Returns the data set without some items and all that needs them.

        Outfits with one of the items are dropped, then the likes of those
        outfits, then users without likes. The vocabulary of a model trained
        on other data stays as it is.

        Args:
            rows: `(dropped,)` rows of `items`.

        Raises:
            DataError: If no train like is left.
        """
        keep = np.ones(self.num_items, bool)
        keep[rows] = False
        sets = self.outfit_items
        kept_outfit = np.all(keep[sets] | (sets < 0), axis=1)
        new_item = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
        new_outfit = np.cumsum(kept_outfit) - 1
        kept_sets = sets[kept_outfit]
        longest = int((kept_sets >= 0).sum(axis=1).max(initial=0))
        kept_likes = {
            split: kept_outfit[likes.outfit]
            for split, likes in self.splits.items()
        }
        if not kept_likes["train"].any():
            raise DataError(
                f"{self.name}: at least one train like was expected. Received: "
                f"none after dropping {len(rows)} items"
            )
        old_users = np.concatenate(
            [
                likes.user[kept_likes[split]]
                for split, likes in self.splits.items()
            ]
        )
        # In order of first likes, as the readers number users.
        first = np.unique(old_users, return_index=True)[1]
        users = old_users[np.sort(first)]
        new_user = np.zeros(self.num_users, np.int32)
        new_user[users] = np.arange(len(users))
        smaller = dataclasses.replace(
            self,
            users=Vocabulary(self.users.take(users)),
            items=Vocabulary(self.items.take(np.flatnonzero(keep))),
            outfits=Vocabulary(self.outfits.take(np.flatnonzero(kept_outfit))),
            outfit_items=np.where(
                kept_sets >= 0, new_item[kept_sets], -1
            ).astype(np.int32)[:, :longest],
            splits={
                split: Likes(
                    new_user[likes.user[kept_likes[split]]],
                    new_outfit[likes.outfit[kept_likes[split]]].astype(
                        np.int32
                    ),
                )
                for split, likes in self.splits.items()
            },
            item_category=_filtered(self.item_category, keep),
            item_group=self.item_group[keep],
            features=_filtered(self.features, keep),
            photos=(
                None
                if self.photos is None
                else self.photos.filter(pa.array(keep))
            ),
            store=None,
        )
        if self.vocabulary == self.train_vocabulary():
            return dataclasses.replace(
                smaller, vocabulary=smaller.train_vocabulary()
            )
        return smaller

    @property
    def shares_outfits(self) -> bool:
        """Whether users share outfits: on average 3 train likes per outfit.

        If so, a model has to rank real outfits. Otherwise nearly every
        outfit belongs to one user.
        """
        train = self.likes("train")
        return len(train) >= 3 * len(np.unique(train.outfit))

    def outfit_item_ids(self, outfit: int) -> list[str]:
        """Returns the ids of an outfit's items.

        Args:
            outfit: Row of the outfit.
        """
        items = self.outfit_items[outfit]
        return self.items.take(items[items >= 0])

    def content(
        self, rows: IntArray, keys: Collection[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Returns the content of some items, a model's input.

        Args:
            rows: `(items,)` rows of `items`.
            keys: Keys to return; by default all that the data set has.

        Returns:
            Dictionary with `"row"` and `"id"`, int32 `(items,)`. If the data
            set has them, also `"category"`, int32 `(items,)`, `"feature"`,
            float32 `(items, features)`, and `"image"`, uint8
            `(items, size, size, 3)`. `"id"` and `"category"` are indices of
            the model, 0 for unknown.
        """

        if keys is not None:
            ids("keys", keys)

        def wanted(key: str) -> bool:
            return keys is None or key in keys

        values: dict[str, np.ndarray] = {"row": rows} if wanted("row") else {}
        if wanted("id"):
            values["id"] = self.item_index[rows]
        if self.category_index is not None and wanted("category"):
            values["category"] = self.category_index[rows]
        if self.features is not None and wanted("feature"):
            values["feature"] = self.features[rows]
        if self.store is not None and wanted("image"):
            values["image"] = self.store.gather(rows)
        return values

    def batches(
        self,
        split: str,
        batch_size: int = 64,
        *,
        negatives: int = 10,
        negative_sampling: Sampling | None = None,
        views: Views | None = None,
        history: int | None = None,
        sampling_probability: bool = False,
        shuffle: bool | None = None,
        seed: int = 0,
        first_pass: int = 0,
        shards: BatchShards | None = None,
    ) -> tf.data.Dataset:
        """Returns batches of likes with their candidates, for `fit`.

        Each pass shuffles the likes and draws new negatives and views. All
        draws are a function of the seed, the pass and the batch, so a seed
        reproduces a run.

        Args:
            split: Name of the split.
            batch_size: Likes per batch; the last batch may be smaller.
            negatives: Negatives per like.
            negative_sampling: `"recombined"`, `"catalogue"`, `"hard"` or a
                mixture such as `{"recombined": 0.5, "hard": 0.5}`, see
                `NegativeSampler`. By default `"hard"` if users share
                outfits, else `"recombined"`.
            views: Two layers, such as `EraseItem` and `ReplaceItem`, that
                make two views of each liked outfit.
            history: Most outfits in the history of a like, for models that
                encode users by their likes, see `UserHistoryEncoder`. The
                liked outfit itself is left out. A shuffled pass over train
                keeps up to `history + 1` likes of a user together; the
                history of each is the others, cut to a random length.
                Otherwise histories are drawn from all train likes.
            sampling_probability: Whether batches tell how often each candidate
                is drawn. A model then corrects its scores for it, see
                `OutfitRecommender.compile`. It needs negatives of the kind
                `"hard"`, or none.
            shuffle: Whether to shuffle each pass; by default only for
                `"train"`. Otherwise likes keep their order and all passes
                are the same.
            seed: Seed of all draws.
            first_pass: Number of the first pass. A resumed run continues
                with the batches it would have seen, see `TrainingBackup`.
            shards: The shards of each batch to read; `fndrec.distribute`
                sets them.

        Returns:
            A prefetched `tf.data.Dataset` of dictionaries. `"user"` is int32
            `(batch,)`. `"outfits"` is int32 `(batch, 1 + negatives, slots)`:
            positions on the item axis, padded with -1, the liked outfit in
            column 0. `"items"` is the content of the distinct items, see
            `content`. With `views`, `"views"` is int32 `(batch, 2, slots)`.
            With `history`, `"liked"` is int32 `(liked, slots)`, the distinct
            outfits of all histories, and `"history"` is int32
            `(batch, history)`: positions in `"liked"`, padded with -1. With
            `sampling_probability`, `"candidate_ids"` is int32 and
            `"sampling_probability"` float32, both `(batch, 1 + negatives)`;
            equal sets of items have equal ids. With `shards`, `"whole"`
            describes the whole batch.

        Raises:
            ValueError: If an argument is out of its range.
            DataError: If there is no such split.

        Example:

        >>> views = (fndrec.EraseItem(), fndrec.EraseItem())
        >>> batches = data.batches("train", 64, views=views)
        >>> next(iter(batches))["outfits"].shape
        TensorShape([64, 11, 5])
        """
        return make_batches(
            self,
            split,
            batch_size,
            negatives=negatives,
            negative_sampling=negative_sampling,
            views=views,
            history=history,
            sampling_probability=sampling_probability,
            shuffle=shuffle,
            seed=seed,
            first_pass=first_pass,
            shards=shards,
        )

    def train_vocabulary(self) -> ModelVocabulary:
        """Returns the ids that a model trained on this data knows."""
        train = self.likes("train")
        items = distinct_items(self.outfit_items[np.unique(train.outfit)])
        return ModelVocabulary(
            users=Vocabulary(self.users.take(np.unique(train.user))),
            items=Vocabulary(self.items.take(items)),
            categories=self.categories,
        )

    def __repr__(self) -> str:
        likes = {split: len(rows) for split, rows in self.splits.items()}
        categories = None if self.categories is None else len(self.categories)
        features = None if self.features is None else self.features.shape[1]
        return (
            f"OutfitData(name={self.name!r}, users={self.num_users}, "
            f"items={self.num_items}, outfits={self.num_outfits}, "
            f"slots={self.num_slots}, likes={likes}, "
            f"categories={categories}, features={features}, "
            f"photos={self.photos is not None})"
        )


def _filtered(
    array: npt.NDArray[ScalarT] | None, keep: npt.NDArray[np.bool_]
) -> npt.NDArray[ScalarT] | None:
    return None if array is None else array[keep]
