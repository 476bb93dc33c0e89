import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from tiny_models import batch_of, tiny_student, tiny_teacher

from fndrec import DataError, export, recommend
from fndrec.data import OutfitData
from fndrec.models import FNDTeacher, OutfitRecommender

# What someone who has the SavedModel and TensorFlow would run.
ALONE = """
import json, sys
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
asked = json.load(sys.stdin)
found = loaded.signatures["recommend"](
    user_id=tf.constant(asked["user_id"]), k=tf.constant(asked["k"]))
one = loaded.signatures["serving_default"](
    user_id=tf.constant(asked["user_id"]),
    length=tf.constant(asked["length"]),
    image=tf.cast(tf.constant(asked["image"]), tf.uint8),
    feature=tf.constant(asked["feature"], tf.float32),
    category=tf.constant(asked["category"]),
    item_id=tf.constant(asked["item_id"]))
assert not {"fndrec", "tensorflow_recommenders"} & set(sys.modules)
print(json.dumps({
    "outfit_id": [[i.decode() for i in row]
                  for row in found["outfit_id"].numpy().tolist()],
    "recommend": found["score"].numpy().tolist(),
    "known": found["known"].numpy().tolist(),
    "score": one["score"].numpy().tolist(),
    "known_too": one["known"].numpy().tolist(),
}))
"""
USERS = ["user3", "nobody", "user0"]


def inputs_of(
    data: OutfitData, model: OutfitRecommender, outfits: np.ndarray
) -> dict[str, np.ndarray]:
    """The content of outfits `(batch, slots)` as `serving_default` takes it."""
    outfits = np.pad(outfits, ((0, 0), (0, 1)), constant_values=-1)
    rows = np.maximum(outfits, 0)
    inputs: dict[str, np.ndarray] = {
        "length": (outfits >= 0).sum(axis=1).astype(np.int32)
    }
    content = data.content(rows.ravel())
    for key in model.item_tower.towers.keys() & {"image", "feature"}:
        inputs[key] = content[key].reshape(*rows.shape, *content[key].shape[1:])
    if "category" in model.item_tower.towers:
        assert data.categories is not None
        assert data.item_category is not None
        names = np.array(data.categories.to_list(), object)
        inputs["category"] = names[data.item_category[rows]]
    if "id" in model.item_tower.towers:
        inputs["item_id"] = np.array(data.items.to_list(), object)[rows]
    return inputs


def call(signature: Any, **inputs: Any) -> dict[str, np.ndarray]:
    found = signature(**{k: tf.constant(v) for k, v in inputs.items()})
    return {key: value.numpy() for key, value in found.items()}


@pytest.fixture(scope="module")
def model(tiny_photo_data: OutfitData) -> FNDTeacher:
    model = tiny_teacher(tiny_photo_data, use_id=True)
    rng = np.random.default_rng(0)
    for weight in model.non_trainable_weights:
        if weight.dtype == "float32":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return model


@pytest.fixture(scope="module")
def saved(
    model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp("export") / "new"
    return export(model, path, tiny_photo_data)


@pytest.fixture(scope="module")
def loaded(saved: Path) -> Any:
    return tf.saved_model.load(saved)


def test_only_the_version_is_left(saved: Path) -> None:
    assert saved.name == "1"
    assert [path.name for path in saved.parent.iterdir()] == ["1"]
    assert [path.name for path in saved.parent.parent.iterdir()] == ["new"]


def test_a_process_that_has_tensorflow_alone(
    saved: Path, model: FNDTeacher, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    data = tiny_photo_data
    outfits = data.outfit_items[[2, 7, 4]]
    asked = {
        "user_id": USERS,
        "k": [4, 2, 0],
        **{k: v.tolist() for k, v in inputs_of(data, model, outfits).items()},
    }
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(saved)],
        input=json.dumps(asked),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["known"] == found["known_too"] == [True, False, True]
    best = recommend(model, data, USERS, k=4, exclude_liked=False)
    assert found["outfit_id"] == [
        [row.outfit_id for row in best[0]],
        [row.outfit_id for row in best[1][:2]] + ["", ""],
        [""] * 4,
    ]
    expected = np.array([[row.score for row in rows] for rows in best])
    asked_for = np.arange(4) < np.array(asked["k"])[:, None]
    np.testing.assert_allclose(
        found["recommend"], np.where(asked_for, expected, 0), atol=1e-4
    )
    index = data.vocabulary.users.rows(USERS) + 1
    batch = batch_of(data, np.zeros(3, int), outfits[:, None])
    scores = np.array(model({**batch, "user": index}))
    np.testing.assert_allclose(found["score"], scores[:, 0], atol=1e-4)


def test_recommend(
    loaded: Any, model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    found = call(
        loaded.signatures["recommend"],
        user_id=USERS,
        k=np.array([1000, 1, 60], np.int32),
    )
    # No more than there are.
    assert found["outfit_id"].shape == found["score"].shape == (3, 60)
    assert found["score"].dtype == np.float32
    assert found["known"].tolist() == [True, False, True]
    assert (np.diff(found["score"][0]) <= 0).all()
    assert len(set(found["outfit_id"][2])) == 60
    none = call(
        loaded.signatures["recommend"],
        user_id=np.zeros(0, object),
        k=np.zeros(0, np.int32),
    )
    assert none["outfit_id"].shape == (0, 0)
    assert none["known"].shape == (0,)


def test_padding_changes_no_score(
    loaded: Any, model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    inputs = inputs_of(tiny_photo_data, model, tiny_photo_data.outfit_items[:4])
    score = loaded.signatures["serving_default"]
    users = ["user1"] * 4
    found = call(score, user_id=users, **inputs)["score"]
    assert found.dtype == np.float32
    # What stands past the length is not looked at.
    other = {key: np.array(value) for key, value in inputs.items()}
    for row, length in enumerate(inputs["length"]):
        other["image"][row, length:] = 255 - other["image"][row, length:]
        other["feature"][row, length:] = 1e3
        other["category"][row, length:] = ""
        other["item_id"][row, length:] = "no such item"
    np.testing.assert_allclose(
        call(score, user_id=users, **other)["score"], found, atol=1e-5
    )
    alone = call(
        score, user_id=users[:1], **{k: v[:1] for k, v in inputs.items()}
    )
    np.testing.assert_allclose(alone["score"], found[:1], atol=1e-5)


def test_an_unknown_item_and_category(
    loaded: Any, model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    inputs = inputs_of(tiny_photo_data, model, tiny_photo_data.outfit_items[:2])
    inputs["item_id"][:] = "new item"
    inputs["category"][:] = "new category"
    found = call(
        loaded.signatures["serving_default"], user_id=["user1"] * 2, **inputs
    )
    batch = batch_of(
        tiny_photo_data,
        np.zeros(2, int),
        tiny_photo_data.outfit_items[:2, None],
    )
    items = dict(batch["items"])
    for key in ("id", "category"):
        items[key] = tf.zeros_like(items[key])
    index = tiny_photo_data.vocabulary.users.rows(["user1"] * 2) + 1
    scores = np.array(model({**batch, "items": items, "user": index}))
    np.testing.assert_allclose(found["score"], scores[:, 0], atol=1e-4)


def variant(data: OutfitData, *keys: str) -> OutfitData:
    """The data with only some of what is known of the items."""
    assert data.features is not None
    assert data.item_category is not None
    assert data.categories is not None
    items: dict[str, Any] = {"item_id": data.items.to_list()}
    if "category" in keys:
        items["category"] = data.categories.take(data.item_category)
    if "feature" in keys:
        items["feature"] = data.features.tolist()
    if "image" in keys:
        items["image"] = data.photos
    made = OutfitData.from_tables(
        pa.table(items),
        pa.table(
            {
                "outfit_id": data.outfits.to_list(),
                "item_ids": [
                    data.outfit_item_ids(i) for i in range(data.num_outfits)
                ],
            }
        ),
        {
            split: pa.table(
                {
                    "user_id": data.users.take(likes.user),
                    "outfit_id": data.outfits.take(likes.outfit),
                }
            )
            for split, likes in data.splits.items()
        },
        photo_root=data.photo_root if "image" in keys else None,
    )
    return made.with_photos(16) if "image" in keys else made


@pytest.mark.parametrize(
    "keys", [("image",), ("feature",), ("category",), ("id",)]
)
def test_whatever_the_model_looks_at(
    tiny_photo_data: OutfitData, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    data = variant(tiny_photo_data, *keys)
    model = tiny_student(data)
    assert tuple(model.item_tower.towers) == keys
    loaded = tf.saved_model.load(export(model, tmp_path))
    assert list(loaded.signatures) == ["serving_default"]
    signature = loaded.signatures["serving_default"]
    named = {"id": "item_id"}.get(keys[0], keys[0])
    given = signature.structured_input_signature[1]
    assert set(given) == {"user_id", "length", named}
    outfits = data.outfit_items[5:9]
    found = call(
        signature, user_id=["user2"] * 4, **inputs_of(data, model, outfits)
    )
    index = data.vocabulary.users.rows(["user2"] * 4) + 1
    batch = batch_of(data, np.zeros(4, int), outfits[:, None])
    scores = np.array(model({**batch, "user": index}))
    np.testing.assert_allclose(found["score"], scores[:, 0], atol=1e-4)


def test_versions(
    tiny_data: OutfitData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(model: Any, data: Any, path: Path, scratch: Path) -> None:
        path.mkdir()

    # The name of the module is that of the function.
    module = sys.modules["fndrec.serving.export"]
    monkeypatch.setattr(module, "_write", write)
    model = tiny_student(tiny_data)
    (tmp_path / "notes").mkdir()
    assert export(model, tmp_path).name == "1"
    assert export(model, str(tmp_path)).name == "2"
    assert export(model, tmp_path, version=10).name == "10"
    assert export(model, tmp_path).name == "11"
    with pytest.raises(DataError, match="version=2"):
        export(model, tmp_path, version=2)
    with pytest.raises(ValueError, match="version=0"):
        export(model, tmp_path, version=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("1", "10", "11", "2"),
        "notes",
    ]


def test_a_failure_leaves_nothing(
    tiny_data: OutfitData,
    tiny_photo_data: OutfitData,
    model: FNDTeacher,
    tmp_path: Path,
) -> None:
    with pytest.raises(DataError, match="items with `image`"):
        export(model, tmp_path / "a" / "b", tiny_data)
    nameless = tiny_student(tiny_data)
    nameless.vocabulary = None
    with pytest.raises(ValueError, match="from_data"):
        export(nameless, tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())
