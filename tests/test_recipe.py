"""The recipe of training, and that every route follows it."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pytest
from test_readme import ROOT, blocks
from tiny_models import tiny_student, tiny_teacher

import fndrec
from fndrec import Validation
from fndrec.cli import main
from fndrec.data import OutfitData, from_tables
from fndrec.training import Recipe, distillation_losses, train

SMALL = Recipe(epochs=2, batch_size=50, negatives=2)


def weights(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(weight) for weight in model.weights]


def assert_same_weights(first: keras.Model, second: keras.Model) -> None:
    for one, other in zip(weights(first), weights(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_readme_and_the_commands_train_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """README's Python, word for word, against its commands."""
    monkeypatch.chdir(tmp_path)
    # Both routes take the default, which would take minutes.
    monkeypatch.setattr(Recipe, "epochs", 2)
    defaults = Recipe.for_model.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "epochs", 2)
    fndrec.SyntheticShop.generate(
        "shop", num_users=8, items_per_category=8, likes_per_user=12
    )
    namespace: dict[str, Any] = {}
    for block in blocks(ROOT / "README.md", "python"):
        exec(compile(block, "README.md", "exec"), namespace)  # noqa: S102
    assert main(["train", "shop", "--out", "teacher"]) == 0
    words = ["distill", "shop", "--teacher", "teacher", "--out", "student"]
    assert main(words) == 0
    for name in ("teacher", "student"):
        model = fndrec.load_model(Path(name, "model.keras"))
        assert_same_weights(model, namespace[name])


def test_train_is_compile_and_fit(tiny_data: OutfitData) -> None:
    first, second = tiny_teacher(tiny_data), tiny_teacher(tiny_data)
    history = train(first, tiny_data, recipe=SMALL, verbose=0)
    second.compile(SMALL.optimizer(tiny_data))
    second.fit(
        SMALL.batches(tiny_data),
        epochs=SMALL.epochs,
        callbacks=SMALL.callbacks(tiny_data),
        verbose=0,
    )
    assert len(history.history["val_auc"]) == 2
    assert_same_weights(first, second)


def test_a_student_learns_from_its_teacher(tiny_data: OutfitData) -> None:
    teacher = tiny_teacher(tiny_data)
    plain, taught, by_targets = (tiny_student(tiny_data) for _ in range(3))
    train(plain, tiny_data, recipe=SMALL, verbose=0)
    log = train(taught, tiny_data, teacher, recipe=SMALL, verbose=0)
    targets = teacher.targets(tiny_data)
    train(by_targets, tiny_data, targets, recipe=SMALL, verbose=0)
    assert "distillation_loss" in log.history
    assert_same_weights(taught, by_targets)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(weights(plain), weights(taught), strict=True)
    )


def test_a_teacher_takes_no_teacher(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    with pytest.raises(ValueError, match="to an `FNDStudent` alone"):
        train(model, tiny_data, model, recipe=SMALL)


def test_the_recipe_follows_the_data(tiny_data: OutfitData) -> None:
    teacher, student = tiny_teacher(tiny_data), tiny_student(tiny_data)
    recipe = Recipe.for_model(teacher, tiny_data)
    assert recipe.epochs == 22
    assert (recipe.batch_size, recipe.negatives) == (128, 4)
    assert recipe.in_batch_negatives
    assert recipe.weight_decay == 0.01
    assert recipe.history is None
    assert recipe.contrastive_weight == 0
    # In-batch negatives are enough for a student.
    assert Recipe.for_model(student, tiny_data).negatives == 1
    contrastive = tiny_student(tiny_data, contrastive=True)
    recipe = Recipe.for_model(contrastive, tiny_data)
    assert recipe.contrastive_weight == 0.1
    assert "views" in next(iter(recipe.batches(tiny_data)))
    history = tiny_teacher(tiny_data, users="history")
    recipe = Recipe.for_model(history, tiny_data)
    assert recipe.history == 7
    assert "history" in next(iter(recipe.batches(tiny_data)))


def test_the_recipe_of_shared_outfits_known_by_ids() -> None:
    likes = {
        "user_id": [f"u{i}" for i in range(8) for _ in range(2)],
        "outfit_id": ["o0", "o1"] * 8,
    }
    data = from_tables(
        pa.table({"item_id": ["a", "b", "c"]}),
        pa.table({"outfit_id": ["o0", "o1"], "item_ids": ["a;b", "c"]}),
        {"train": pa.table(likes)},
    )
    model = fndrec.FNDStudent.from_data(data, dim=8)
    assert isinstance(model.aggregator, fndrec.layers.MeanPool)
    recipe = Recipe.for_model(model, data)
    assert recipe.in_batch_negatives
    assert recipe.epochs == 5
    assert recipe.negatives == 0
    assert recipe.sampling_probability
    assert recipe.weight_decay == 3.0
    assert "candidate_ids" in next(iter(recipe.batches(data)))
    drawn = Recipe.for_model(model, data, in_batch_negatives=False)
    assert drawn.negatives == 4
    recombined = Recipe.for_model(model, data, negative_sampling="recombined")
    assert not recombined.sampling_probability
    assert recombined.negatives == 1
    assert [type(c).__name__ for c in recipe.callbacks(data)] == ["StopOnNaN"]


def test_a_recipe_needs_something_to_rank_against() -> None:
    assert Recipe(negatives=0).negatives == 0
    with pytest.raises(ValueError, match="negatives=0"):
        Recipe(negatives=0, in_batch_negatives=False)


def test_the_valid_metric_of_shared_outfits(tiny_data: OutfitData) -> None:
    recipe = Recipe(epochs=1, batch_size=50, negatives=2)
    stops = [
        callback.monitor
        for callback in recipe.callbacks(tiny_data)
        if isinstance(callback, keras.callbacks.EarlyStopping)
    ]
    assert stops == ["val_auc"]
    assert Validation(tiny_data, all_outfits=True).monitor == "val_recall@20"


def test_many_likes_take_large_batches(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    likes = len(tiny_data.likes("train"))
    monkeypatch.setattr(fndrec.training, "MANY_LIKES", likes)
    model = tiny_teacher(tiny_data)
    assert Recipe.for_model(model, tiny_data).batch_size == 1024
    monkeypatch.setattr(fndrec.training, "MANY_LIKES", likes + 1)
    assert Recipe.for_model(model, tiny_data).batch_size == 128


def test_distillation_losses() -> None:
    losses, loss_weights = distillation_losses("fnd+kd", alpha=3.0, weight=0.7)
    fnd, kd = losses
    assert fnd.get_config()["alpha"] == 3.0
    assert kd.get_config()["weight"] == 1.0
    assert loss_weights == pytest.approx([0.3, 0.7])
    assert distillation_losses("none") == ([], [])
    (kd,), _ = distillation_losses("kd", temperature=2.0, weight=0.5)
    assert kd.get_config()["temperature"] == 2.0
    assert kd.get_config()["weight"] == 0.5
    with pytest.raises(ValueError, match="`kind` should be one of"):
        distillation_losses("hinton")
