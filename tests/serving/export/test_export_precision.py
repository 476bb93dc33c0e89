"""Exports that compute in half precision."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from signature_calls import call, item_inputs
from tiny_models import tiny_teacher

from fndrec import DataError, export, recommend
from fndrec.data import OutfitData
from fndrec.models import FNDTeacher
from fndrec.serving import with_precision


@pytest.mark.parametrize(
    "precision",
    [
        "mixed_bfloat16",
        pytest.param("mixed_float16", marks=pytest.mark.slow),
    ],
)
def test_half_precision(
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
    precision: str,
) -> None:
    data = tiny_photo_data
    before = exported_model.item_tower.compute_dtype
    path = export(exported_model, tmp_path, data, precision=precision)
    assert exported_model.item_tower.compute_dtype == before == "float32"
    signatures = tf.saved_model.load(path).signatures
    for signature in signatures.values():
        for spec in signature.structured_outputs.values():
            assert spec.dtype in (tf.float32, tf.string, tf.bool)
    found = call(signatures["embed_items"], **item_inputs(data, np.arange(40)))[
        "embedding"
    ]
    exact = exported_model.embed_items(data)
    # Computed in half precision, but not far from it.
    assert np.abs(found - exact).max() > 1e-4
    cosine = (found * exact).sum(1) / np.linalg.norm(found, axis=1)
    cosine /= np.linalg.norm(exact, axis=1)
    assert cosine.min() > 0.999
    best = call(signatures["recommend"], user_id=["user3"], k=[60])
    names = [i.decode() for i in best["outfit_id"][0]]
    scores = dict(zip(names, best["score"][0].tolist(), strict=True))
    for one in recommend(
        exported_model, data, ["user3"], 60, exclude_liked=False
    )[0]:
        # Scores reach 10 and -10 here.
        assert scores[one.outfit_id] == pytest.approx(one.score, abs=0.5)


def test_every_layer_follows(exported_model: FNDTeacher) -> None:
    half = with_precision(exported_model, "mixed_float16")
    assert half.item_tower.towers["image"].network.layers[1].compute_dtype == (
        "float16"
    )
    assert half.aggregator.blocks[0].norm.compute_dtype == "float16"
    assert half.vocabulary is exported_model.vocabulary
    again = with_precision(half, "float32")
    for one, two in zip(again.weights, exported_model.weights, strict=True):
        np.testing.assert_array_equal(one, two)
    batch = {"category": np.array([1]), "id": np.array([2])}
    batch["feature"] = np.ones((1, 6), "float32")
    batch["image"] = np.full((1, 16, 16, 3), 100, "uint8")
    np.testing.assert_array_equal(
        again.encode_items(batch), exported_model.encode_items(batch)
    )


@pytest.mark.slow
def test_a_network_of_keras_applications(tiny_photo_data: OutfitData) -> None:
    data = tiny_photo_data.with_photos(32)
    model = FNDTeacher.from_data(data, dim=8, backbone="MobileNetV3Small")
    half = with_precision(model, "mixed_bfloat16")
    exact = model.embed_items(data, np.arange(4))
    found = half.embed_items(data, np.arange(4))
    assert 0 < np.abs(found - exact).max() < 0.05 * np.abs(exact).max()


def test_what_is_refused(
    exported_model: FNDTeacher, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    data = tiny_photo_data
    for wrong in ("float16", "int8"):
        with pytest.raises(ValueError, match=f"precision='{wrong}'"):
            export(exported_model, tmp_path / "a", precision=wrong)
    with pytest.raises(ValueError, match="data=None"):
        export(exported_model, tmp_path / "a", index=["outfit1"])
    with pytest.raises(ValueError, match="empty index"):
        export(exported_model, tmp_path / "a", data, index=[])
    with pytest.raises(DataError, match="'outfit1' twice"):
        export(
            exported_model, tmp_path / "a", data, index=["outfit1", "outfit1"]
        )
    with pytest.raises(DataError, match="'nothing'"):
        export(
            exported_model, tmp_path / "a", data, index=["outfit1", "nothing"]
        )
    assert not list(tmp_path.iterdir())


def test_the_index_names_what_is_recommended(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    index = ["outfit30", "outfit7", "outfit12"]
    path = export(tiny_teacher(tiny_data), tmp_path, tiny_data, index=index)
    signatures: Any = tf.saved_model.load(path).signatures
    found = call(signatures["recommend"], user_id=["user3"], k=[9])
    assert found["outfit_id"].shape == (1, 3)
    assert {i.decode() for i in found["outfit_id"][0]} == set(index)
    # Items of other outfits are known still.
    scored = call(
        signatures["score_outfits"],
        user_id=["user3"],
        item_id=[[["item39", "item1"]]],
        length=[[2]],
    )
    assert scored["valid"].all()
