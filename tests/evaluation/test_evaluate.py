import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_models import batch_of, tiny_student, tiny_teacher

from fndrec import DataError, Validation, evaluate
from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.evaluation import (
    Candidates,
    EvaluationResult,
    SampledNegatives,
    user_metrics,
)
from fndrec.evaluation.user_metrics import best_choice_rate
from fndrec.models import FNDTeacher

NAMES = ["auc", "ndcg", "mean_ndcg", "hit@1", "fitb"]


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data, use_id=True)


def test_metrics_are_those_of_the_candidates(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    result = evaluate(model, tiny_data, protocol=SampledNegatives(3), seed=2)
    found = Candidates.from_data(tiny_data, "valid", 3, seed=2)
    scores = np.array(model(batch_of(tiny_data, found.user, found.outfits)))
    blanks = np.array(model(batch_of(tiny_data, found.user, found.blanks)))
    expected = {
        **user_metrics(found.user, scores),
        "hit@1": best_choice_rate(scores),
        "fitb": best_choice_rate(blanks),
    }
    assert list(result.metrics["model"]) == NAMES
    assert result.metrics["model"] == pytest.approx(expected, abs=1e-6)
    assert result.models == ["model"]
    assert list(result.metrics) == [
        "model",
        "item popularity",
        "category frequency",
    ]
    assert (result.split, result.seeds) == ("valid", [2])
    assert result.against == "each against 3 negatives (catalogue)"
    assert result.likes == len(found.user)


def test_several_models(model: FNDTeacher, tiny_data: OutfitData) -> None:
    models = {"teacher": model, "student": tiny_student(tiny_data)}
    result = evaluate(models, tiny_data, baselines=False)
    assert list(result.metrics) == result.models == ["teacher", "student"]
    alone = evaluate(model, tiny_data, baselines=False)
    assert result.metrics["teacher"] == alone.metrics["model"]


def test_a_model_trained_elsewhere(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    known = tiny_data.vocabulary
    moved = tiny_data.with_vocabulary(
        ModelVocabulary(
            Vocabulary(known.users.to_list()[::-1]),
            Vocabulary(known.items.to_list()[::-1]),
            Vocabulary(["other"]),
        )
    )
    assert evaluate(model, moved).metrics == evaluate(model, tiny_data).metrics


def test_what_the_model_looks_at_is_missing(
    tiny_data: OutfitData, tiny_photo_data: OutfitData
) -> None:
    model = tiny_teacher(tiny_photo_data)
    with pytest.raises(DataError, match="items with `image` were expected"):
        evaluate(model, tiny_data)


def test_another_size_of_features(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    assert tiny_data.features is not None
    wide = dataclasses.replace(
        tiny_data, features=np.tile(tiny_data.features, 2)
    )
    with pytest.raises(DataError, match=r"size 6 was expected.*size 12"):
        evaluate(model, wide)


def test_prints_a_table(model: FNDTeacher, tiny_data: OutfitData) -> None:
    lines = str(evaluate(model, tiny_data)).splitlines()
    assert lines[0] == (
        "in memory, valid: 24 likes, each against 10 negatives (catalogue)"
    )
    for head in ("AUC", "NDCG", "mean NDCG", "hit@1", "FITB"):
        assert head in lines[1]
    assert [line.split("|")[1].strip() for line in lines[3:]] == [
        "model",
        "item popularity",
        "category frequency",
    ]
    assert len({len(line) for line in lines[1:]}) == 1


def test_saves_json(
    model: FNDTeacher, tiny_data: OutfitData, tmp_path: Path
) -> None:
    result = evaluate(model, tiny_data)
    path = tmp_path / "new" / "result.json"
    result.save(path)
    assert EvaluationResult(**json.loads(path.read_text())) == result
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]


def test_validation_is_evaluate(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    model.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    seen: list[dict[str, Any]] = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            found = evaluate(
                self.model, tiny_data, protocol=SampledNegatives(4), seed=3
            )
            seen.append(found.metrics["model"])

    history = model.fit(
        tiny_data.batches("train", 50, negatives=2),
        epochs=2,
        callbacks=[Validation(tiny_data, negatives=4, seed=3), Look()],
        verbose=0,
    ).history
    assert sorted(history) == sorted(["loss", *(f"val_{n}" for n in NAMES)])
    for name in NAMES:
        assert history[f"val_{name}"] == [metrics[name] for metrics in seen]
    assert seen[0] != seen[1]


def test_validation_of_a_part(tiny_data: OutfitData) -> None:
    whole = Validation(tiny_data).candidates
    part = Validation(tiny_data, max_likes=10, seed=0).candidates
    assert len(part.user) == 10
    assert len(part.outfits) == len(part.blanks) == 10
    rows = [
        int(np.flatnonzero((whole.outfits == outfits).all(axis=(1, 2)))[0])
        for outfits in part.outfits
    ]
    assert rows == sorted(set(rows))
    np.testing.assert_array_equal(part.user, whole.user[rows])
    np.testing.assert_array_equal(part.blanks, whole.blanks[rows])
    again = Validation(tiny_data, max_likes=10, seed=0).candidates
    np.testing.assert_array_equal(again.outfits, part.outfits)
    assert whole.sample(24, 0) is whole


def test_validation_without_such_a_split(tiny_data: OutfitData) -> None:
    with pytest.raises(DataError, match="'test'"):
        Validation(tiny_data, "test")
