"""SavedModels that need TensorFlow alone."""

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData, Vocabulary
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender


def export(
    model: OutfitRecommender,
    path: str | Path,
    data: OutfitData | None = None,
    version: int | None = None,
) -> Path:
    """Writes a model as a SavedModel, in the layout TF Serving watches.

    The SavedModel loads where there is TensorFlow alone. Ids go in and come
    out as strings; a user not known gets the cold-start vector and
    `known=False`. Its signatures, dynamic in the batch and in the slots:

    - `serving_default`: `user_id` string `(batch,)`, `length` int32
      `(batch,)`, the number of items of each outfit, and for each item what
      the model looks at: `image` uint8 `(batch, slots, size, size, 3)`,
      `feature` float32 `(batch, slots, features)`, `category` string
      `(batch, slots)`, `item_id` string `(batch, slots)`. Gives `score`
      float32 and `known` bool, both `(batch,)`.
    - `recommend`, if `data` is given: `user_id` string `(batch,)` and `k`
      int32 `(batch,)`. Gives `outfit_id` string and `score` float32
      `(batch, max(k))`, best first, over the outfits of `data`, and `known`.
      Past a row's own `k` the ids are empty.

    Args:
        model: A trained model.
        path: Folder of the versions.
        data: A data set whose outfits are baked in as the index.
        version: Number of the version; by default one more than the highest
            in `path`.

    Returns:
        The path of the SavedModel, `path/version`.

    Raises:
        ValueError: If the model does not know the ids of its users, or
            `version` is not positive.
        DataError: If the version is there already, or `data` lacks what the
            model looks at.

    Example:

    >>> path = fndrec.export(student, "export", data=data)
    >>> loaded = tf.saved_model.load(path)
    >>> loaded.signatures["recommend"](
    ...     user_id=tf.constant(["u007"]), k=tf.constant([3]))["outfit_id"]
    """
    if model.vocabulary is None:
        raise ValueError(
            "`model` should know the ids of its users. Received: a model "
            "whose `vocabulary` is None; make it with `from_data`"
        )
    folder = Path(path)
    if version is None:
        found = [int(p.name) for p in folder.glob("*") if p.name.isdecimal()]
        version = max(found, default=0) + 1
    if version < 1:
        raise ValueError(
            "`version` should be a positive integer. "
            f"Received: version={version}"
        )
    target = folder / str(version)
    if target.exists():
        raise DataError(
            f"{target}: should not exist yet. Received: version={version}"
        )
    above = folder
    while not above.exists():
        above = above.parent
    # Hidden and renamed at the end: TF Serving never sees half a version.
    with tempfile.TemporaryDirectory(dir=above, prefix=".") as scratch:
        made = Path(scratch) / str(version)
        _write(model, data, made, Path(scratch))
        folder.mkdir(parents=True, exist_ok=True)
        made.rename(target)
    return target


def _write(
    model: OutfitRecommender,
    data: OutfitData | None,
    path: Path,
    scratch: Path,
) -> None:
    archive = keras.export.ExportArchive()
    archive.track(model)
    tables = _Tables(model, archive, scratch)
    archive.add_endpoint(
        "serving_default",
        _score_function(model, tables),
        input_signature=[_score_signature(model)],
    )
    if data is not None:
        index = _Index(model, data)
        # Plain attributes of the archive would not be saved.
        archive.track(index)
        archive.add_endpoint(
            "recommend",
            _recommend_function(model, tables, index),
            input_signature=[
                {
                    "user_id": tf.TensorSpec((None,), tf.string, "user_id"),
                    "k": tf.TensorSpec((None,), tf.int32, "k"),
                }
            ],
        )
    archive.write_out(str(path), verbose=False)


class _Tables(tf.Module):
    """Lookup tables from ids to rows, kept as text files beside the graph."""

    def __init__(
        self, model: OutfitRecommender, archive: Any, scratch: Path
    ) -> None:
        super().__init__()
        known = model.vocabulary
        assert known is not None
        self.users = _table(known.users, scratch / "users.txt")
        self.items = (
            _table(known.items, scratch / "items.txt")
            if "id" in model.item_tower.towers
            else None
        )
        self.categories = (
            _table(known.categories, scratch / "categories.txt")
            if known.categories is not None
            and "category" in model.item_tower.towers
            else None
        )
        archive.track(self)


def _table(ids: Vocabulary, path: Path) -> Any:
    path.write_text("".join(f"{i}\n" for i in ids), encoding="utf-8")
    return tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(
            str(path),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        default_value=-1,
    )


def _rows(table: Any, ids: Any) -> Any:
    """Rows of the model's tables; 0 for an id not known."""
    return tf.cast(table.lookup(ids) + 1, tf.int32)


def _score_signature(model: OutfitRecommender) -> dict[str, Any]:
    towers = model.item_tower.towers
    signature = {
        "user_id": tf.TensorSpec((None,), tf.string, "user_id"),
        "length": tf.TensorSpec((None,), tf.int32, "length"),
    }
    if "image" in towers:
        size = towers["image"].image_size
        signature["image"] = tf.TensorSpec(
            (None, None, size, size, 3), tf.uint8, "image"
        )
    if "feature" in towers:
        signature["feature"] = tf.TensorSpec(
            (None, None, towers["feature"].num_features),
            tf.float32,
            "feature",
        )
    if "category" in towers:
        signature["category"] = tf.TensorSpec(
            (None, None), tf.string, "category"
        )
    if "id" in towers:
        signature["item_id"] = tf.TensorSpec((None, None), tf.string, "item_id")
    return signature


def _score_function(model: OutfitRecommender, tables: _Tables) -> Any:
    def score(inputs: dict[str, Any]) -> dict[str, Any]:
        user = _rows(tables.users, inputs["user_id"])
        items: dict[str, Any] = {}
        for key in ("image", "feature"):
            if key in inputs:
                value = inputs[key]
                items[key] = tf.reshape(
                    value, tf.concat([[-1], tf.shape(value)[2:]], axis=0)
                )
                items[key] = tf.ensure_shape(
                    items[key], (None, *value.shape[2:])
                )
                slots = tf.shape(value)[1]
        for key, name, table in (
            ("category", "category", tables.categories),
            ("id", "item_id", tables.items),
        ):
            if name in inputs:
                ids = tf.reshape(inputs[name], (-1,))
                items[key] = _rows(table, ids)
                slots = tf.shape(inputs[name])[1]
        batch = tf.shape(user)[0]
        positions = tf.reshape(tf.range(batch * slots), (batch, slots))
        present = tf.sequence_mask(inputs["length"], slots)
        outfits = tf.where(present, positions, -1)
        scores = model(
            {"user": user, "items": items, "outfits": outfits[:, None]},
            training=False,
        )
        return {"score": scores[:, 0], "known": user > 0}

    return score


class _Index(tf.Module):
    """The outfits of a catalogue as vectors with their ids."""

    def __init__(self, model: OutfitRecommender, data: OutfitData) -> None:
        super().__init__()
        if model.vocabulary is not None:
            data = data.with_vocabulary(model.vocabulary)
        vectors = model.embed_outfits(
            model.embed_items(data), data.outfit_items
        )
        self.vectors = tf.Variable(vectors, trainable=False)
        self.ids = tf.Variable(
            np.asarray(data.outfits.to_list(), dtype=object),
            dtype=tf.string,
            trainable=False,
        )


def _recommend_function(
    model: OutfitRecommender, tables: _Tables, index: _Index
) -> Any:
    def recommend(inputs: dict[str, Any]) -> dict[str, Any]:
        user = _rows(tables.users, inputs["user_id"])
        vectors = tf.cast(model.encode_users(user), tf.float32)
        cosine = tf.matmul(vectors, index.vectors, transpose_b=True)
        k = tf.clip_by_value(inputs["k"], 0, tf.shape(index.ids)[0])
        # reduce_max of an empty batch is the lowest integer.
        most = tf.maximum(tf.reduce_max(k), 0)
        best = tf.math.top_k(model.score.from_cosine(cosine), most)
        asked = tf.sequence_mask(k, most)
        ids = tf.gather(index.ids, best.indices)
        return {
            "outfit_id": tf.where(asked, ids, ""),
            "score": tf.where(asked, best.values, 0.0),
            "known": user > 0,
        }

    return recommend
