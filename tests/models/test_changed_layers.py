"""Models whose layers were changed: 8-bit weights, LoRA, regularizers."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_models import STILL, one_batch, tiny_student, tiny_teacher

from fndrec import EraseItem, load_model
from fndrec.data import OutfitData
from fndrec.evaluation.costs.multiply_adds import multiply_adds
from fndrec.evaluation.costs.work import item_work, outfit_work
from fndrec.models import with_likes
from fndrec.serving import with_precision


def vectors(model: Any, data: OutfitData) -> np.ndarray:
    """Vectors of all outfits, by the graphs that are kept."""
    made: np.ndarray = model.embed_outfits(
        model.embed_items(data), data.outfit_items
    )
    return made


def least_cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.sum(left * right, axis=-1).min())


@pytest.mark.parametrize("users", ["table", "history"])
def test_8_bit_weights(
    tiny_data: OutfitData, users: str, tmp_path: Path
) -> None:
    model = tiny_student(tiny_data, dim=32, num_blocks=2, users=users)
    # Traced before: the graphs that are kept must not stay as they are.
    before = vectors(model, tiny_data), model.user_vectors(tiny_data)
    model.quantize("int8")
    after = vectors(model, tiny_data), model.user_vectors(tiny_data)
    assert np.any(after[0] != before[0])
    for one, other in zip(after, before, strict=True):
        assert least_cosine(one, other) > 0.999
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(vectors(loaded, tiny_data), after[0])
    np.testing.assert_array_equal(loaded.user_vectors(tiny_data), after[1])
    assert loaded.projection.layers[0].quantization_mode == "int8"
    named = with_likes(loaded, tiny_data)
    np.testing.assert_array_equal(vectors(named, tiny_data), after[0])


def test_8_bit_weights_in_another_precision(tiny_data: OutfitData) -> None:
    model = tiny_student(tiny_data, dim=32)
    model.quantize("int8")
    before = vectors(model, tiny_data)
    half = with_precision(model, "mixed_bfloat16")
    assert half.aggregator.last.dtype_policy.name == "int8_from_mixed_bfloat16"
    assert least_cosine(vectors(half, tiny_data), before) > 0.99
    again = with_precision(half, "float32")
    np.testing.assert_array_equal(vectors(again, tiny_data), before)
    with pytest.raises(ValueError, match="float16"):
        with_precision(model, "mixed_float16")


def test_8_bit_weights_multiply_as_often(tiny_data: OutfitData) -> None:
    model = tiny_student(tiny_data)

    def count() -> list[int]:
        works = item_work(model, tiny_data, 3), outfit_work(model, 2)
        return [multiply_adds(work.function, *work.inputs) for work in works]

    before = count()
    model.quantize("int8")
    assert count() == before


def test_low_rank_adaptation(tiny_data: OutfitData, tmp_path: Path) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    before = vectors(model, tiny_data)
    adapted = [model.aggregator.last, model.aggregator.blocks[0].projection]
    for layer in adapted:
        layer.enable_lora(2)
    for weight in model.trainable_weights:
        weight.trainable = weight.name.startswith("lora")
    assert len(model.trainable_weights) == 4
    old = [weight.numpy() for weight in model.weights]
    model.compile(keras.optimizers.Adam(0.1))
    model.fit(tiny_data.batches("train", 25), epochs=2, verbose=0)
    for weight, value in zip(model.weights, old, strict=True):
        changed = bool(np.any(weight.numpy() != value))
        assert changed == weight.name.startswith("lora"), weight.path
    after = vectors(model, tiny_data)
    assert least_cosine(after, before) < 0.99
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert loaded.aggregator.last.lora_enabled
    np.testing.assert_allclose(vectors(loaded, tiny_data), after, atol=1e-6)


def test_regularizers(tiny_data: OutfitData, tmp_path: Path) -> None:
    plain = tiny_student(tiny_data)
    config = plain.get_config()
    config["aggregator"]["config"]["sublayers"] = {
        "last": {"kernel_regularizer": "l2"}
    }
    config["sublayers"] = {"hidden": {"kernel_regularizer": "l2"}}
    model = type(plain).from_config(config)
    assert model.projection is not None
    kernels = model.aggregator.last.kernel, model.projection.layers[0].kernel
    expected = [0.01 * float(np.sum(np.square(one))) for one in kernels]
    assert sorted(map(float, model.losses)) == pytest.approx(sorted(expected))
    model.compile("sgd")
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert len(loaded.losses) == 2
    batch = one_batch(tiny_data, views=(EraseItem(), EraseItem()))
    logs = loaded.test_step(batch)
    assert float(logs["loss"]) == pytest.approx(
        float(loaded.compute_loss(batch)) + sum(expected), rel=1e-5
    )


def test_a_layer_changed_is_traced_anew_once_compiled(
    tiny_data: OutfitData,
) -> None:
    model = tiny_teacher(tiny_data)
    before = vectors(model, tiny_data)
    model.aggregator.inner.activation = keras.activations.tanh
    model.compile()
    assert np.any(vectors(model, tiny_data) != before)
