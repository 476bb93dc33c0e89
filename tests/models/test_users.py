"""Users by what they liked, users of several anchors."""

from dataclasses import replace
from pathlib import Path
from typing import Any

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

from fndrec import DataError, EraseItem, Validation, evaluate, load_model
from fndrec.data import Likes, OutfitData, Vocabulary
from fndrec.layers import OutfitScore, UserAnchors, UserHistoryEncoder
from fndrec.layers.shrunken_mean import PRIOR_LIKES, shrunken_mean
from fndrec.losses import FalseNegativeDistillation, KnowledgeDistillation
from fndrec.models import (
    FNDTeacher,
    OutfitRecommender,
    align,
    by_history,
    with_likes,
)
from fndrec.models.users import SHRINKAGE


def trained_a_little(model: Any, seed: int = 0) -> Any:
    """Users unlike one another, as after training."""
    rng = np.random.default_rng(seed)
    for weight in model.user_embedding.trainable_weights:
        weight.assign(weight + 0.5 * rng.normal(size=weight.shape))
    return model


@pytest.fixture(scope="module")
def history(tiny_data: OutfitData) -> FNDTeacher:
    return trained_a_little(tiny_teacher(tiny_data, users="history"))


@pytest.fixture(scope="module")
def anchors(tiny_data: OutfitData) -> FNDTeacher:
    return trained_a_little(tiny_teacher(tiny_data, users="anchors"))


@pytest.fixture(scope="module")
def table(tiny_data: OutfitData) -> FNDTeacher:
    return trained_a_little(tiny_teacher(tiny_data))


def user_by_hand(
    model: Any, data: OutfitData, row: int, leave_out: int = -1
) -> np.ndarray:
    """The history encoder on all that a user liked in train."""
    likes = data.likes("train")
    own = likes.outfit[(likes.user == row) & (likes.outfit != leave_out)]
    outfits = model.embed_outfits(model.embed_items(data), data.outfit_items)
    return np.array(
        model.user_embedding(outfits[own], np.arange(len(own))[None])
    )


def test_the_user_is_of_the_likes_without_the_target(
    history: FNDTeacher, tiny_data: OutfitData
) -> None:
    batch = one_batch(tiny_data, history=30)
    scores = np.array(history(batch))
    likes = tiny_data.likes("train")
    items = history.embed_items(tiny_data, batch["items"]["row"].numpy())
    for i in (0, 5, 11):
        user = user_by_hand(
            history, tiny_data, likes.user[i], leave_out=likes.outfit[i]
        )
        outfits = history.embed_outfits(items, batch["outfits"][i].numpy())
        np.testing.assert_allclose(scores[i], outfits @ user[0] * 10, atol=1e-4)


def test_with_likes_makes_a_row_of_each_user(
    history: FNDTeacher, tiny_data: OutfitData
) -> None:
    model = with_likes(history, tiny_data)
    assert type(model) is OutfitRecommender
    assert model.vocabulary is not None
    users = np.unique(tiny_data.likes("train").user)
    assert model.vocabulary.users.to_list() == tiny_data.users.take(users)
    vectors = np.array(model.encode_users(np.arange(len(users) + 1)))
    for index, row in enumerate(users, start=1):
        np.testing.assert_allclose(
            vectors[index], user_by_hand(history, tiny_data, row)[0], atol=1e-5
        )
    cold = user_by_hand(history, tiny_data, -7)[0]
    np.testing.assert_allclose(vectors[0], cold, atol=1e-5)
    # No user is in the model itself.
    assert history.vocabulary is not None
    assert len(history.vocabulary.users) == 0


def test_a_model_of_histories_has_no_weights_of_users(
    tiny_data: OutfitData,
) -> None:
    likes = tiny_data.likes("train")
    few = likes.user < 3
    small = replace(
        tiny_data,
        splits={"train": Likes(likes.user[few], likes.outfit[few])},
        vocabulary=None,  # type: ignore[arg-type]
    )
    assert len(small.vocabulary.users) == 3
    sizes = {
        tiny_teacher(data, users="history").count_params()
        for data in (small, tiny_data)
    }
    assert len(sizes) == 1


def test_a_like_counts_at_once(
    history: FNDTeacher, tiny_data: OutfitData
) -> None:
    """`user11` likes nothing in train: one like more, and there is a row."""
    likes = tiny_data.likes("train")
    row = tiny_data.users.rows(["user11"])[0]
    assert row not in likes.user
    more = replace(
        tiny_data,
        splits={
            **tiny_data.splits,
            "train": Likes(
                np.append(likes.user, row), np.append(likes.outfit, [7])
            ),
        },
    )
    model, seen = align(history, more)
    assert seen.user_index[row] > 0
    found = np.array(model.encode_users(seen.user_index[[row]]))
    np.testing.assert_allclose(
        found, user_by_hand(history, more, row), atol=1e-5
    )
    assert align(history, tiny_data)[1].user_index[row] == 0


def test_a_table_keeps_its_rows_and_folds_in_others(
    table: FNDTeacher, tiny_data: OutfitData
) -> None:
    likes = tiny_data.likes("train")
    row = tiny_data.users.rows(["user11"])[0]
    more = replace(
        tiny_data,
        splits={
            "train": Likes(
                np.append(likes.user, [row] * 2),
                np.append(likes.outfit, [7, 9]),
            )
        },
    )
    model = with_likes(table, more)
    old = np.array(table.encode_users(np.arange(12)))
    new = np.array(model.encode_users(np.arange(13)))
    np.testing.assert_allclose(new[:12], old, atol=1e-6)
    assert model.vocabulary is not None
    assert model.vocabulary.users.to_list()[-1] == "user11"
    outfits = table.embed_outfits(
        table.embed_items(more), more.outfit_items[[7, 9]]
    )
    mean = PRIOR_LIKES * old[0] + outfits.sum(axis=0)
    np.testing.assert_allclose(new[12], mean / np.linalg.norm(mean), atol=1e-5)


def test_shrunken_mean_of_anchors_by_hand() -> None:
    rng = np.random.default_rng(0)
    cold, outfits = rng.normal(size=(2, 4)), rng.normal(size=(1, 3, 4))
    cold /= np.linalg.norm(cold, axis=-1, keepdims=True)
    outfits /= np.linalg.norm(outfits, axis=-1, keepdims=True)
    present = np.array([[True, False, True]])
    found = shrunken_mean(
        outfits, present, cold.astype("float32"), OutfitScore(), prior=2.0
    )
    expected = 2.0 * cold
    for like in (0, 2):
        share = np.exp(cold @ outfits[0, like] / 0.1)
        share /= share.sum()
        expected += share[:, None] * outfits[0, like]
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_users_by_index_are_refused(history: FNDTeacher) -> None:
    with pytest.raises(ValueError, match=r"with_likes\(model, data\)`"):
        history.encode_users(np.array([1]))


def test_a_batch_without_histories_is_refused(
    history: FNDTeacher, tiny_data: OutfitData
) -> None:
    with pytest.raises(ValueError, match=r"data.batches\(..., history=7\)"):
        history(one_batch(tiny_data))


def test_no_likes_at_all(history: FNDTeacher, tiny_data: OutfitData) -> None:
    none = Likes(np.zeros(0, np.int32), np.zeros(0, np.int32))
    empty = replace(tiny_data, splits={"train": none})
    with pytest.raises(DataError, match="likes in train were expected"):
        with_likes(history, empty)


def test_unknown_kind_of_users(tiny_data: OutfitData) -> None:
    with pytest.raises(ValueError, match="`users` should be one of"):
        tiny_teacher(tiny_data, users="rows")


@pytest.mark.parametrize("users", ["history", "anchors"])
def test_training_evaluating_saving(
    tiny_data: OutfitData, tmp_path: Path, users: str
) -> None:
    model = tiny_student(tiny_data, users=users)
    kind = {"history": UserHistoryEncoder, "anchors": UserAnchors}[users]
    assert isinstance(model.user_embedding, kind)
    model.compile(keras.optimizers.Adam(3e-3))
    before = [w.numpy().copy() for w in model.user_embedding.trainable_weights]
    history = model.fit(
        tiny_data.batches(
            "train",
            20,
            views=(EraseItem(), EraseItem()),
            history=4 if users == "history" else None,
        ),
        epochs=3,
        callbacks=[Validation(tiny_data)],
        verbose=0,
    )
    losses = history.history["loss"]
    assert losses[-1] < losses[0]
    for weight, old in zip(
        model.user_embedding.trainable_weights, before, strict=True
    ):
        assert np.abs(weight.numpy() - old).max() > 0
    expected = evaluate(model, tiny_data, baselines=False).metrics["model"]
    assert expected["auc"] == history.history["val_auc"][-1]
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert type(loaded.user_embedding) is kind
    found = evaluate(loaded, tiny_data, baselines=False).metrics["model"]
    assert found == expected


def test_rows_of_likes_are_saved(
    history: FNDTeacher, tiny_data: OutfitData, tmp_path: Path
) -> None:
    model = with_likes(history, tiny_data)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    users = np.arange(12)
    np.testing.assert_array_equal(
        loaded.encode_users(users), model.encode_users(users)
    )


def test_scores_of_anchors_are_those_of_the_score(
    anchors: FNDTeacher, tiny_data: OutfitData
) -> None:
    batch = one_batch(tiny_data)
    users = np.array(anchors.encode_users(batch["user"]))
    assert users.shape == (16, 4, 8)
    items = anchors.embed_items(tiny_data, batch["items"]["row"].numpy())
    sets = batch["outfits"].numpy()
    outfits = anchors.embed_outfits(items, sets.reshape(-1, sets.shape[-1]))
    outfits = outfits.reshape(*sets.shape[:2], -1)
    cosines = np.einsum("bkd,bcd->bkc", users, outfits)
    weights = np.exp(cosines * 10)
    weights /= weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        anchors(batch), 10 * (weights * cosines).sum(axis=1), atol=1e-4
    )


@pytest.mark.parametrize("taught_by", ["history", "anchors"])
@pytest.mark.parametrize("loss", ["kd", "fnd"])
def test_a_teacher_of_any_users_teaches(
    request: pytest.FixtureRequest,
    tiny_data: OutfitData,
    taught_by: str,
    loss: str,
) -> None:
    model = request.getfixturevalue(taught_by)
    ready, data = align(model, tiny_data)
    targets = model.targets(data)
    batch = one_batch(data, history=3)
    np.testing.assert_allclose(targets.scores(batch), ready(batch), atol=1e-4)
    assert np.isfinite(targets.distance_zscore(batch)).all()
    student = tiny_student(data, users="history", contrastive=False, **STILL)
    student.compile(
        keras.optimizers.Adam(3e-3),
        distillation=FalseNegativeDistillation()
        if loss == "fnd"
        else KnowledgeDistillation(),
        teacher=targets,
    )
    dataset = data.batches("train", 25, history=4)
    assert np.isfinite(student.fit(dataset, verbose=0).history["loss"][0])


def test_by_history_begins_as_the_closed_form(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    table = trained_a_little(tiny_student(tiny_data, **STILL))
    model = by_history(table)
    assert type(model) is type(table)
    assert model.knows_users_by_likes
    assert model.vocabulary is not None
    assert len(model.vocabulary.users) == 0
    assert model.user_embedding.shrinkage == SHRINKAGE
    model.user_embedding.attention.kernel.assign(np.zeros((8, 2)))
    rng = np.random.default_rng(0)
    outfits = rng.normal(size=(2, 3, 8)).astype("float32")
    outfits /= np.linalg.norm(outfits, axis=-1, keepdims=True)
    present = np.array([[True, False, True], [False, False, False]])
    np.testing.assert_allclose(
        model.encode_likes(outfits, present),
        table.encode_likes(outfits, present),
        atol=1e-5,
    )
    # A copy: what it learns does not change the other.
    before = weights_of(table)
    model.compile(keras.optimizers.Adam(1e-2), contrastive_weight=0.0)
    model.fit(tiny_data.batches("train", 25, history=4), verbose=0)
    for weight, old in zip(weights_of(table), before, strict=True):
        np.testing.assert_array_equal(weight, old)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        load_model(tmp_path / "model.keras").encode_likes(outfits, present),
        model.encode_likes(outfits, present),
    )


def test_by_history_needs_a_table(history: FNDTeacher) -> None:
    with pytest.raises(ValueError, match="Received: users by UserHistory"):
        by_history(history)


def test_likes_of_unknown_users_leave_the_cold_start_vector(
    history: FNDTeacher, tiny_data: OutfitData
) -> None:
    known = tiny_data.vocabulary
    some = replace(known, users=Vocabulary(known.users.to_list()[:4]))
    vectors = history.user_vectors(tiny_data.with_vocabulary(some))
    assert len(vectors) == 5
    cold = history.embed_likes(
        np.zeros((1, vectors.shape[1]), np.float32), np.full((1, 1), -1)
    )
    np.testing.assert_allclose(vectors[0], cold[0], atol=1e-6)
    everyone = history.user_vectors(tiny_data)
    np.testing.assert_allclose(vectors, everyone[:5], atol=1e-5)
