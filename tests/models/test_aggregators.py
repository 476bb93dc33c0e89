"""Models whose outfits, or users, are made otherwise."""

from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny_student, tiny_teacher

from fndrec import EraseItem, FNDStudent, evaluate, load_model, recommend
from fndrec.data import OutfitData
from fndrec.losses import KnowledgeDistillation
from fndrec.models import by_history

KINDS = [("mean", "table"), ("codes", "codes"), ("set_transformer", "codes")]


@pytest.mark.parametrize(("aggregator", "users"), KINDS)
def test_life(
    aggregator: str, users: str, tiny_data: OutfitData, tmp_path: Path
) -> None:
    model = tiny_teacher(tiny_data, aggregator=aggregator, users=users)
    model.compile("adam", run_eagerly=True)
    before = [np.array(w) for w in model.trainable_weights]
    model.fit(tiny_data.batches("train", 50), epochs=1, verbose=0)
    for old, new in zip(before, model.trainable_weights, strict=True):
        assert not np.array_equal(old, new), new.path
    path = tmp_path / "model.keras"
    model.save(path)
    again = load_model(path)
    found = evaluate({"one": model, "two": again}, tiny_data, baselines=False)
    assert found.metrics["one"] == found.metrics["two"]
    assert model.vocabulary is not None
    known = model.vocabulary.users[0]
    assert len(recommend(again, tiny_data, [known], k=2)[0]) == 2


def test_one_teaches_another(tiny_data: OutfitData) -> None:
    teacher = tiny_teacher(tiny_data)
    student = FNDStudent.from_data(
        tiny_data, dim=8, aggregator="mean", contrastive=True
    )
    student.compile(
        "adam",
        distillation=KnowledgeDistillation(),
        teacher=teacher.targets(tiny_data),
        contrastive_weight=0.1,
        run_eagerly=True,
    )
    views = (EraseItem(), EraseItem())
    batches = tiny_data.batches("train", 50, views=views)
    history = student.fit(batches, epochs=2, verbose=0).history
    assert history["distillation_loss"][1] < history["distillation_loss"][0]


def test_a_mean_goes_on_by_histories(tiny_data: OutfitData) -> None:
    model = by_history(tiny_teacher(tiny_data, aggregator="mean"))
    assert model.knows_users_by_likes


def test_arguments(tiny_data: OutfitData) -> None:
    with pytest.raises(ValueError, match="aggregator='sum'"):
        tiny_student(tiny_data, aggregator="sum")
