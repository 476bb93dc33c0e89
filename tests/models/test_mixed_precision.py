from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_models import (
    STILL,
    one_batch,
    tiny_student,
    tiny_teacher,
    weights_of,
)

from fndrec import load_model
from fndrec.data import OutfitData
from fndrec.losses import KnowledgeDistillation


@pytest.fixture(autouse=True)
def _policy() -> Iterator[None]:
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_scores_are_float32_and_near(
    tiny_photo_data: OutfitData, policy: str
) -> None:
    batch = one_batch(tiny_photo_data, 6)
    full = np.array(tiny_teacher(tiny_photo_data)(batch))
    keras.config.set_dtype_policy(policy)
    model = tiny_teacher(tiny_photo_data)
    scores = model(batch)
    assert scores.dtype == "float32"
    assert model.encode_items(batch["items"]).dtype != "float32"
    np.testing.assert_allclose(scores, full, atol=0.5)
    assert not np.array_equal(scores, full)
    assert model.embed_items(tiny_photo_data).dtype == np.float32


def test_the_loss_is_scaled_and_the_step_is_not(tiny_data: OutfitData) -> None:
    batch = one_batch(tiny_data)
    targets = tiny_teacher(tiny_data).targets(tiny_data)
    steps = []
    for policy in ("float32", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        # Its projection head gets no gradient: no contrastive loss.
        model = tiny_student(tiny_data, **STILL)
        optimizer = keras.optimizers.SGD(0.5)
        if policy == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(
                optimizer, initial_scale=1024.0
            )
            assert float(optimizer.scale_loss(1.0)) == 1024
        model.compile(
            optimizer,
            distillation=KnowledgeDistillation(),
            teacher=targets,
            contrastive_weight=0.0,
            run_eagerly=True,
        )
        before = weights_of(model)
        model.train_step(batch)
        moved = [
            after - start
            for after, start in zip(weights_of(model), before, strict=True)
        ]
        steps.append(np.concatenate([move.ravel() for move in moved]))
    full, half = steps
    assert np.linalg.norm(full) > 0.1
    assert np.linalg.norm(half - full) < 0.02 * np.linalg.norm(full)


def test_optimizers_are_wrapped(tiny_data: OutfitData) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    model = tiny_teacher(tiny_data)
    model.compile(keras.optimizers.Adam(1e-2))
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    dataset = tiny_data.batches("train", 50, negatives=2)
    # Keras skips steps until the scale no longer overflows.
    history = model.fit(dataset, epochs=8, verbose=0).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]


def test_a_loaded_model_still_scales(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    model = tiny_teacher(tiny_data)
    model.compile("adam")
    model.save(tmp_path / "model.keras")
    keras.config.set_dtype_policy("float32")
    loaded = load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, keras.optimizers.LossScaleOptimizer)
    batch = one_batch(tiny_data)
    np.testing.assert_array_equal(loaded(batch), model(batch))
    loaded.compile("sgd")
    assert isinstance(loaded.optimizer, keras.optimizers.LossScaleOptimizer)
