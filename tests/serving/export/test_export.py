import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from signature_calls import call, inputs_of
from tensorflow.core.protobuf import saved_model_pb2
from tiny_models import batch_of, tiny_student

from fndrec import DataError, export
from fndrec.data import OutfitData, from_tables
from fndrec.models import FNDTeacher


def test_only_the_version_and_its_files_are_left(exported: Path) -> None:
    assert exported.name == "1"
    assert sorted(path.name for path in exported.parent.iterdir()) == [
        *("1", "batching_parameters.txt", "docker_run_cpu.sh"),
        *("docker_run_gpu.sh", "models.config", "monitoring.config"),
    ]
    assert [path.name for path in exported.parent.parent.iterdir()] == ["new"]


def test_padding_changes_no_score(
    loaded: Any, exported_model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    inputs = inputs_of(
        tiny_photo_data, exported_model, tiny_photo_data.outfit_items[:4]
    )
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
    loaded: Any, exported_model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    inputs = inputs_of(
        tiny_photo_data, exported_model, tiny_photo_data.outfit_items[:2]
    )
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
    scores = np.array(exported_model({**batch, "items": items, "user": index}))
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
    made = from_tables(
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
    "keys",
    [
        ("image",),
        pytest.param(("feature",), marks=pytest.mark.slow),
        pytest.param(("category",), marks=pytest.mark.slow),
        ("id",),
    ],
)
def test_whatever_the_model_looks_at(
    tiny_photo_data: OutfitData, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    data = variant(tiny_photo_data, *keys)
    model = tiny_student(data)
    assert tuple(model.item_tower.towers) == keys
    loaded = tf.saved_model.load(export(model, tmp_path))
    assert sorted(loaded.signatures) == sorted(
        [
            *("serving_default", "embed_items"),
            *("embed_outfits_from_embeddings", "score_outfits_from_embeddings"),
            *(["score_photos"] if "image" in keys else []),
        ]
    )
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
    def write(*args: Any) -> None:
        args[3].mkdir()

    # The name of the module is that of the function.
    module = sys.modules["fndrec.serving.export.export"]
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
    assert sorted(
        path.name for path in tmp_path.iterdir() if path.is_dir()
    ) == [*("1", "10", "11", "2"), "notes"]


def test_a_failure_leaves_nothing(
    tiny_data: OutfitData,
    tiny_photo_data: OutfitData,
    exported_model: FNDTeacher,
    tmp_path: Path,
) -> None:
    with pytest.raises(DataError, match="items with `image`"):
        export(exported_model, tmp_path / "a" / "b", tiny_data)
    nameless = tiny_student(tiny_data)
    nameless.vocabulary = None
    with pytest.raises(ValueError, match="from_data"):
        export(nameless, tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())


def test_no_gather_from_a_variable(exported: Path) -> None:
    """It would have whole variables copied at each later read of them."""
    stored = saved_model_pb2.SavedModel.FromString(
        (exported / "saved_model.pb").read_bytes()
    )
    ops = {
        node.op
        for graph in stored.meta_graphs
        for function in graph.graph_def.library.function
        for node in function.node_def
    }
    assert {"ReadVariableOp", "GatherV2"} <= ops
    assert not {op for op in ops if op.startswith("ResourceGather")}


def test_a_quicker_export_takes_the_number(
    tiny_data: OutfitData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number is looked up anew once the version is written."""

    def write(*args: Any) -> None:
        args[3].mkdir()
        (args[3] / "mine").touch()
        # Another export ends in the meantime.
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "others").touch()

    module = sys.modules["fndrec.serving.export.export"]
    monkeypatch.setattr(module, "_write", write)
    made = export(tiny_student(tiny_data), tmp_path)
    assert made.name == "2"
    assert (made / "mine").exists()
    assert [path.name for path in (tmp_path / "1").iterdir()] == ["others"]
