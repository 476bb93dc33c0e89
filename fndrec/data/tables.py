"""Items, outfits and likes as integer arrays with their string ids."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from fndrec.data.batches import batches, content
from fndrec.data.images import ImageStore, unreadable_photos
from fndrec.data.likes import Likes
from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.vocabulary import Vocabulary
from fndrec.errors import DataError

IntArray = npt.NDArray[np.int32]
OnError = Literal["raise", "drop"]


@dataclass(frozen=True, eq=False, repr=False)
class OutfitData:
    """Items, outfits and likes of a shop, checked, as integer arrays.

    Made by `from_csv`, `from_parquet` or `from_tables`. A *row* is a
    position in `users`, `items` or `outfits`; an *index* is what a model
    takes: the row in the model's own vocabulary plus one, 0 if the model
    does not know the name.

    Args:
        users: Every user of any split, those of train first.
        items: Every item.
        outfits: Every outfit.
        outfit_items: int32 array `(outfits, slots)`: item rows, padded with
            -1 at the end to the longest outfit.
        splits: Likes by split: "train" and perhaps "valid" and "test".
        categories: Names of the item categories, sorted; None if unknown.
        item_category: int32 array `(items,)`: rows of `categories`.
        item_group: int32 array `(items,)`: items of one group may stand for
            one another in a negative outfit. Zeros if nothing is known.
        groups: Names of the groups if they were given, None if inferred.
        features: float32 array `(items, features)` or None.
        photos: Path of each item's photo, relative to `photo_root`, or
            None.
        photo_root: Folder of the photos, None if there are none.
        name: Name of the folder read, or "in memory".
        vocabulary: What a model of this data knows by name. By default the
            users who like something in train, the items of the outfits
            liked in train, and all categories.
        store: The decoded photos, once `with_photos` has loaded them.

    Example:

    ```python
    data = OutfitData.from_tables(
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

    @classmethod
    def load(
        cls,
        folder: str | os.PathLike[str],
        on_error: OnError = "raise",
        max_slots: int | None = None,
        splits: Sequence[str] | None = None,
        format: str = "auto",
        **options: Any,
    ) -> OutfitData:
        """Reads a folder of any known layout.

        Args:
            folder: The folder.
            on_error: As in `from_csv`.
            max_slots: As in `from_csv`; by default that of the layout, 8 for
                tables.
            splits: As in `from_csv`.
            format: `"csv"` or `"parquet"`; or the layout of a published set,
                see the reader of that name in `fndrec.data`: `"polyvore-u"`,
                `"difashion"`, `"pog"`, `"iqon3000"`, `"polyvore-outfits"`.
                By default the layout that the folder has; Parquet files go
                before CSV files.
            **options: Further arguments of that reader.

        Raises:
            DataError: As in `from_csv`; if the folder has no known layout.
        """
        from fndrec.data.readers.layouts import read_folder

        return read_folder(
            folder, on_error, max_slots, splits, format, **options
        )

    @classmethod
    def from_csv(
        cls,
        folder: str | os.PathLike[str],
        on_error: OnError = "raise",
        max_slots: int = 8,
        splits: Sequence[str] | None = None,
    ) -> OutfitData:
        """Reads a folder of CSV files.

        The folder holds `items.csv` (item_id and, if known, category,
        image, group), `outfits.csv` (outfit_id, item_ids joined by `;`),
        the likes in `train.csv` and perhaps `valid.csv` and `test.csv`
        (user_id, outfit_id), and perhaps `features.npy`: floats
        `(items, features)`, in the order of `items.csv`. Ids are strings.
        Other files and columns are ignored.

        Args:
            folder: The folder. Photos are named relative to it.
            on_error: "raise" stops at the first row that cannot be used.
                "drop" drops such rows with all that depends on them, and
                logs how many and which.
            max_slots: Most items an outfit may have.
            splits: Splits to read, "train" among them. By default those of
                train, valid and test that are there.

        Raises:
            DataError: If something is missing or cannot be used; the
                message names the file, the row (counted from 1, without the
                header) and the value.
        """
        # Here, as the readers need this class.
        from fndrec.data.readers.csv_tables import read_csv

        return read_csv(folder, on_error, max_slots, splits)

    @classmethod
    def from_parquet(
        cls,
        folder: str | os.PathLike[str],
        on_error: OnError = "raise",
        max_slots: int = 8,
        splits: Sequence[str] | None = None,
    ) -> OutfitData:
        """Reads a folder of Parquet files.

        As `from_csv`, from `items.parquet` and so on. `item_ids` may be a
        list of ids or a string, ids may be integers, and items may have a
        column `feature` of lists of numbers.

        Args:
            folder: The folder. Photos are named relative to it.
            on_error: As in `from_csv`.
            max_slots: As in `from_csv`.
            splits: As in `from_csv`.

        Raises:
            DataError: As in `from_csv`.
        """
        from fndrec.data.readers.parquet import read_parquet

        return read_parquet(folder, on_error, max_slots, splits)

    @classmethod
    def from_tables(
        cls,
        items: Any,
        outfits: Any,
        likes: Mapping[str, Any],
        photo_root: str | os.PathLike[str] | None = None,
        on_error: OnError = "raise",
        max_slots: int = 8,
    ) -> OutfitData:
        """Takes pandas data frames or Arrow tables.

        The columns are those of `from_parquet`.

        Args:
            items: Table of the items.
            outfits: Table of the outfits.
            likes: Table of the likes by split, "train" among them.
            photo_root: Folder of the photos if items have a column `image`.
            on_error: As in `from_csv`.
            max_slots: As in `from_csv`.

        Raises:
            DataError: As in `from_csv`.
        """
        from fndrec.data.readers.in_memory import read_tables

        return read_tables(
            items, outfits, likes, photo_root, on_error, max_slots
        )

    def to_csv(self, folder: str | os.PathLike[str]) -> None:
        """Writes the tables in the layout that `from_csv` reads.

        Each file appears whole or not at all. Photos are not copied; their
        paths are written as they are.

        Args:
            folder: Folder to write to; made if it is missing.

        Raises:
            DataError: If an item id contains `;`, or the folder holds a
                table of the layout that would not be replaced.
        """
        from fndrec.data.readers.csv_tables import write_csv

        write_csv(self, folder)

    def to_parquet(self, folder: str | os.PathLike[str]) -> None:
        """Writes the tables in the layout that `from_parquet` reads.

        As `to_csv`, in files such as `items.parquet`. Ids may contain `;`.

        Args:
            folder: Folder to write to; made if it is missing.

        Raises:
            DataError: If the folder holds a table of the layout that would
                not be replaced.
        """
        from fndrec.data.readers.parquet import write_parquet

        write_parquet(self, folder)

    @property
    def num_users(self) -> int:
        """Number of users of any split."""
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
        """int32 array `(users,)`: row in `vocabulary.users` + 1, or 0."""
        return self.vocabulary.users.rows(self.users.ids) + np.int32(1)

    @cached_property
    def item_index(self) -> IntArray:
        """int32 array `(items,)`: row in `vocabulary.items` + 1, or 0."""
        return self.vocabulary.items.rows(self.items.ids) + np.int32(1)

    @cached_property
    def category_index(self) -> IntArray | None:
        """int32 array `(items,)`: row in `vocabulary.categories` + 1, or 0.

        None if either the data or the model has no categories.
        """
        known = self.vocabulary.categories
        if (
            known is None
            or self.categories is None
            or self.item_category is None
        ):
            return None
        index = known.rows(self.categories.ids) + np.int32(1)
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
        """Returns the same tables as a model trained elsewhere sees them.

        Args:
            vocabulary: What that model knows by name.
        """
        return dataclasses.replace(self, vocabulary=vocabulary)

    def with_photos(
        self,
        size: int = 64,
        cache_dir: str | os.PathLike[str] | None = None,
        on_error: OnError = "raise",
    ) -> OutfitData:
        """Returns the same tables with the photos decoded and at hand.

        Photos are decoded once, see `ImageStore.build`; the next call finds
        them done.

        Args:
            size: Height and width to which photos are stretched.
            cache_dir: Where decoded photos are kept; beside the photos by
                default.
            on_error: "raise" stops at a photo that cannot be decoded, "drop"
                drops the items with such photos, and what depends on them.

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
            # Every photo is looked at only now that one is known to be bad.
            bad = unreadable_photos(self.photos, self.photo_root)
            if not bad:
                raise
            return self._without_items(bad).with_photos(size, cache_dir)
        return dataclasses.replace(self, store=store)

    def _without_items(self, reasons: Mapping[int, str]) -> OutfitData:
        from fndrec.data.readers.without_items import without_items

        return without_items(self, reasons)

    @property
    def shares_outfits(self) -> bool:
        """Whether users like the same outfits: 3 likes or more each.

        Then what a model has to tell apart are real outfits; else nearly
        every outfit is one user's own.
        """
        train = self.likes("train")
        return len(train) >= 3 * len(np.unique(train.outfit))

    def outfit_item_ids(self, outfit: int) -> list[str]:
        """Ids of the items of an outfit, given by its row."""
        items = self.outfit_items[outfit]
        return self.items.take(items[items >= 0])

    def content(
        self, rows: IntArray, keys: Collection[str] | None = None
    ) -> dict[str, np.ndarray]:
        """What is known of items: see `fndrec.data.content`."""
        return content(self, rows, keys)

    def batches(
        self, split: str, batch_size: int = 64, **kwargs: Any
    ) -> tf.data.Dataset:
        """A `tf.data.Dataset` of likes: see `fndrec.data.batches`."""
        return batches(self, split, batch_size, **kwargs)

    def train_vocabulary(self) -> ModelVocabulary:
        """What a model trained on this data knows by name."""
        train = self.likes("train")
        items = np.unique(self.outfit_items[np.unique(train.outfit)])
        items = items[items >= 0]
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
