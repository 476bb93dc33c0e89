"""`fit`, `evaluate` and `predict` of the models."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_models import (
    STILL,
    one_batch,
    tiny_student,
    tiny_teacher,
    weights_of,
)

from fndrec import EraseItem
from fndrec.data import OutfitData
from fndrec.losses import BPR, FalseNegativeDistillation, SoftmaxRanking
from fndrec.metrics import NDCG, UserAUC
from fndrec.models import FNDStudent, FNDTeacher


def softmax_losses(scores: np.ndarray) -> np.ndarray:
    """-log softmax of column 0, by the book."""
    scores = scores.astype(np.float64)
    return np.log(np.exp(scores).sum(axis=1)) - scores[:, 0]


def numpy_shared_losses(model: Any, batch: dict[str, Any]) -> np.ndarray:
    """The loss of each like among its own and other users' candidates."""
    items = model.encode_items(batch["items"])
    outfits = np.array(model.encode_outfits(items, batch["outfits"]))
    vectors = np.array(model.encode_users(batch["user"]))
    user = np.array(batch["user"])
    losses = []
    for like in range(len(user)):
        stand = [outfits[like]]
        stand += [outfits[i] for i in np.flatnonzero(user != user[like])]
        cosines = np.concatenate(stand) @ vectors[like]
        losses.append(softmax_losses(cosines[None] / 0.1)[0])
    return np.array(losses)


def test_built_when_constructed(
    tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    model = tiny_student(tiny_photo_data)
    assert all(layer.built for layer in model._flatten_layers())
    model.save_weights(tmp_path / "new.weights.h5")
    other = tiny_student(tiny_photo_data, seed=5)
    assert any(
        not np.array_equal(mine, its)
        for mine, its in zip(weights_of(model), weights_of(other), strict=True)
    )
    other.load_weights(tmp_path / "new.weights.h5")
    for mine, its in zip(weights_of(model), weights_of(other), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_fit_makes_no_weights(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    before = [weight.path for weight in model.weights]
    model.compile("sgd", run_eagerly=True)
    model.fit(tiny_data.batches("train", 50, negatives=2), verbose=0)
    assert [weight.path for weight in model.weights] == before


def test_loss_is_that_of_numpy(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    batch = one_batch(tiny_data)
    scores = np.array(model(batch))
    own = softmax_losses(scores).mean()
    shared = numpy_shared_losses(model, batch).mean()
    model.compile()
    loss = float(model.compute_loss(batch, training=True))
    assert loss == pytest.approx(shared, rel=1e-5)
    # What is reported of other splits does not depend on the batch size.
    assert float(model.compute_loss(batch)) == pytest.approx(own, rel=1e-5)
    model.compile(in_batch_negatives=False)
    loss = float(model.compute_loss(batch, training=True))
    assert loss == pytest.approx(own, rel=1e-5)
    assert shared > own


@pytest.mark.parametrize("in_batch", [True, False])
def test_scores_are_corrected_for_sampling(
    tiny_data: OutfitData, in_batch: bool
) -> None:
    """Yi et al. 2019, section 4, candidate by candidate."""
    model = tiny_teacher(tiny_data, **STILL)
    batches = tiny_data.batches(
        "train",
        12,
        negatives=2,
        negative_sampling="hard",
        sampling_probability=True,
    )
    batch = next(iter(batches))
    # Three outfits of others are the first one's own, one far more often.
    ids = np.arange(36, dtype=np.int32).reshape(12, 3)
    ids[[3, 5, 7], [0, 1, 2]] = ids[0, 0]
    probability = np.linspace(0.01, 0.5, 36, dtype=np.float32).reshape(12, 3)
    batch |= {"candidate_ids": ids, "sampling_probability": probability}
    user = np.array(batch["user"])
    items = model.encode_items(batch["items"])
    outfits = np.array(model.encode_outfits(items, batch["outfits"]))
    cosines = np.einsum("ud,ocd->uoc", model.encode_users(user), outfits)
    scores = 10 * cosines - np.log(probability)
    losses = []
    for like in range(12):
        against = [scores[like, like]]
        for other in np.flatnonzero(user != user[like]):
            kept = ids[other] != ids[like, 0]
            against.append(scores[like, other][kept] if in_batch else [])
        row = np.concatenate(against)
        losses.append(np.log(np.exp(row).sum()) - row[0])
    model.compile(in_batch_negatives=in_batch)
    loss = float(model.compute_loss(batch, training=True))
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)


def test_other_losses(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    batch = one_batch(tiny_data)
    model.compile(loss=BPR(), in_batch_negatives=False)
    scores = np.array(model(batch))
    margin = scores[:, :1] - scores[:, 1:]
    assert float(model.compute_loss(batch, training=True)) == pytest.approx(
        np.log1p(np.exp(-margin)).mean(), rel=1e-5
    )


def test_fit_and_evaluate_report_the_mean_of_the_epoch(
    tiny_data: OutfitData,
) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    # 100 likes: the last batch has 4.
    dataset = tiny_data.batches("train", 32, negatives=3, shuffle=False)
    batches = list(dataset)
    assert [len(batch["user"]) for batch in batches] == [32, 32, 32, 4]
    model.compile(
        keras.optimizers.SGD(0.0),
        metrics=[NDCG(), UserAUC(1 + len(tiny_data.vocabulary.users))],
    )
    losses = np.concatenate([numpy_shared_losses(model, b) for b in batches])
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert sorted(history) == ["loss", "ndcg", "user_auc"]
    np.testing.assert_allclose(history["loss"], losses.mean(), rtol=1e-5)

    scores = np.concatenate([np.array(model(batch)) for batch in batches])
    found = model.evaluate(dataset, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(
        softmax_losses(scores).mean(), rel=1e-5
    )
    ndcg = (1 / np.log2(1 + (scores >= scores[:, :1]).sum(axis=1))).mean()
    assert found["ndcg"] == pytest.approx(ndcg, rel=1e-5)
    assert found["ndcg"] == pytest.approx(history["ndcg"][0], rel=1e-5)
    user = np.concatenate([np.array(batch["user"]) for batch in batches])
    aucs = []
    for one in np.unique(user):
        liked = scores[user == one, 0][:, None]
        others = scores[user == one, 1:].ravel()
        aucs.append((liked > others).mean())
    assert found["user_auc"] == pytest.approx(np.mean(aucs), abs=0.05)

    predicted = model.predict(dataset, verbose=0)
    assert predicted.dtype == np.float32
    np.testing.assert_allclose(predicted, scores, atol=1e-5)


def test_sample_weights(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    model.compile(
        keras.optimizers.SGD(0.0), metrics=[NDCG()], in_batch_negatives=False
    )
    batch = one_batch(tiny_data, 20)
    weight = np.array([0.0, 1.0, 2.0, 0.5] * 5, np.float32)
    dataset = tf.data.Dataset.from_tensors((batch, np.zeros(20), weight))
    scores = np.array(model(batch))
    losses = softmax_losses(scores)
    found = model.evaluate(dataset, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx((weight * losses).mean(), rel=1e-5)
    ndcg = 1 / np.log2(1 + (scores >= scores[:, :1]).sum(axis=1))
    assert found["ndcg"] == pytest.approx(
        np.average(ndcg, weights=weight), rel=1e-5
    )
    history = model.fit(dataset, verbose=0).history
    assert history["loss"][0] == pytest.approx(found["loss"], rel=1e-5)


def test_a_like_of_weight_0_teaches_nothing(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
    batch = one_batch(tiny_data)
    user = np.array(batch["user"])
    weight = (user != user[0]).astype("float32")
    table = model.user_embedding.embedding.embeddings
    before = table.numpy()
    model.train_step((batch, None, weight))
    changed = np.any(table.numpy() != before, axis=1)
    assert changed[np.unique(user[user != user[0]])].all()
    assert not changed[user[0]]


def test_regularisation_counts(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data, **STILL)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    batch = one_batch(tiny_data)
    table = model.user_embedding.embedding.embeddings
    square = float(np.square(table.numpy()).sum())
    for step in (model.train_step, model.test_step):
        losses = []
        for regularizer in (None, keras.regularizers.L2(1 / square)):
            table.regularizer = regularizer
            model.reset_metrics()
            losses.append(float(step(batch)["loss"]))
        assert losses[1] - losses[0] == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize(
    ("compiled", "optimizer"),
    [
        ({"steps_per_execution": 3}, {}),
        ({}, {"gradient_accumulation_steps": 2}),
        ({}, {"use_ema": True, "ema_momentum": 0.5}),
    ],
)
def test_ways_to_step(
    tiny_data: OutfitData, compiled: dict[str, Any], optimizer: dict[str, Any]
) -> None:
    model = tiny_teacher(tiny_data)
    model.compile(keras.optimizers.Adam(1e-2, **optimizer), **compiled)
    before = weights_of(model.user_embedding)
    dataset = tiny_data.batches("train", 25, negatives=2)
    history = model.fit(dataset, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    after = weights_of(model.user_embedding)
    assert not np.array_equal(before[0], after[0])
    assert all(np.isfinite(weight).all() for weight in weights_of(model))


def test_accumulated_gradients_are_those_of_the_whole(
    tiny_data: OutfitData,
) -> None:
    """Two halves with one step are one batch, without shared negatives."""
    batch = one_batch(tiny_data, 16)
    after = []
    for steps in (1, 2):
        model = tiny_teacher(tiny_data, **STILL)
        model.compile(
            keras.optimizers.SGD(
                0.5, gradient_accumulation_steps=steps if steps > 1 else None
            ),
            in_batch_negatives=False,
            run_eagerly=True,
        )
        size = 16 // steps
        for start in range(0, 16, size):
            part = {
                **batch,
                "user": batch["user"][start : start + size],
                "outfits": batch["outfits"][start : start + size],
            }
            model.train_step(part)
        after.append(weights_of(model))
    for whole, halves in zip(*after, strict=True):
        np.testing.assert_allclose(whole, halves, atol=1e-5)


def test_no_xla_unless_asked_for(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    assert model.jit_compile is False
    model.compile()
    assert model.jit_compile is False
    model.compile(jit_compile=True)
    assert model.jit_compile is True


def test_xla_compiles_a_step(tiny_data: OutfitData) -> None:
    batch = one_batch(tiny_data, 8)
    losses = []
    for xla in (False, True):
        model = tiny_teacher(tiny_data, **STILL)
        model.compile(keras.optimizers.SGD(0.1), jit_compile=xla)
        dataset = tf.data.Dataset.from_tensors(batch).repeat(2)
        losses.append(model.fit(dataset, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def distil(data: OutfitData, seed: int) -> FNDStudent:
    keras.utils.set_random_seed(seed)
    teacher = tiny_teacher(data, seed=seed)
    student = tiny_student(data, seed=seed)
    student.compile(
        keras.optimizers.Adam(1e-2),
        distillation=FalseNegativeDistillation(),
        teacher=teacher.targets(data),
        contrastive_weight=0.1,
    )
    dataset = data.batches(
        "train", 32, negatives=3, views=(EraseItem(), EraseItem()), seed=seed
    )
    student.fit(dataset, epochs=2, verbose=0)
    return student


def test_a_seed_gives_the_same_weights_again(tiny_data: OutfitData) -> None:
    first, again = (distil(tiny_data, 3) for _ in range(2))
    for one, two in zip(weights_of(first), weights_of(again), strict=True):
        np.testing.assert_array_equal(one, two)


def test_another_seed_gives_others(tiny_data: OutfitData) -> None:
    after = []
    for seed, order in ((0, 0), (1, 0), (0, 1)):
        model = tiny_student(tiny_data, seed=seed, contrastive=False)
        model.compile("sgd", run_eagerly=True)
        model.fit(tiny_data.batches("train", 50, seed=order), verbose=0)
        after.append(weights_of(model))
    for other in after[1:]:
        for one, two in zip(after[0], other, strict=True):
            if one.size > 1 and one.any():
                assert not np.array_equal(one, two)


@pytest.mark.slow
def test_a_seed_gives_the_same_weights_of_photos(
    tiny_photo_data: OutfitData,
) -> None:
    first, again = (distil(tiny_photo_data, 3) for _ in range(2))
    for one, two in zip(weights_of(first), weights_of(again), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("dim", "temperature"), [(64, 0.1), (16, 0.2)])
def test_the_temperature_follows_the_width(
    tiny_data: OutfitData, dim: int, temperature: float
) -> None:
    model = FNDStudent.from_data(tiny_data, dim=dim)
    assert model.score.temperature == pytest.approx(temperature)


def test_the_loss_falls(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    model.compile(keras.optimizers.Adam(2e-2), SoftmaxRanking())
    dataset = tiny_data.batches("train", 32, negatives=3)
    losses = model.fit(dataset, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]


def test_the_step_is_traced_once(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced = []
    step = FNDTeacher.train_step

    def count(self: Any, data: Any) -> Any:
        traced.append(data)
        return step(self, data)

    monkeypatch.setattr(FNDTeacher, "train_step", count)
    model = tiny_teacher(tiny_data)
    model.compile(keras.optimizers.Adam(1e-2))
    # The number of distinct items differs from batch to batch, and is not
    # part of the trace.
    model.fit(tiny_data.batches("train", 25, negatives=2), verbose=0)
    assert len(traced) == 1
