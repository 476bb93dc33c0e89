from typing import Any

import numpy as np
import pytest
from tiny_models import one_batch, tiny_teacher

from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.models import FNDTeacher, TeacherTargets
from fndrec.models.candidate_scores import EXCLUDED
from fndrec.models.teacher_targets import radii


@pytest.fixture(scope="module")
def teacher(tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data)


@pytest.fixture(scope="module")
def targets(teacher: FNDTeacher, tiny_data: OutfitData) -> TeacherTargets:
    return teacher.targets(tiny_data)


def loop_radii(
    users: np.ndarray, distances: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    prior = TeacherTargets.VARIANCE_PRIOR
    own = [distances[users == user] for user in range(size)]
    spread = sum(((d - d.mean()) ** 2).sum() for d in own if len(d))
    freedom = sum(len(d) - 1 for d in own if len(d))
    pooled = spread / freedom if freedom else distances.var()
    radius = np.full(size, distances.mean())
    deviation = np.full(size, np.sqrt(pooled))
    for user, mine in enumerate(own):
        if len(mine):
            radius[user] = mine.mean()
            rest = ((mine - mine.mean()) ** 2).sum()
            deviation[user] = np.sqrt(
                (rest + prior * pooled) / (len(mine) - 1 + prior)
            )
    return radius, deviation


def test_radii_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    # User 0 and 5 like nothing, user 3 one outfit.
    users = np.concatenate([rng.choice([1, 2, 4, 6], 40), [3]])
    distances = rng.uniform(1.0, 1.5, len(users))
    radius, deviation = radii(users, distances, 7)
    expected = loop_radii(users, distances, 7)
    np.testing.assert_allclose(radius, expected[0])
    np.testing.assert_allclose(deviation, expected[1])
    assert radius[3] == distances[-1]
    assert radius[0] == radius[5] == pytest.approx(distances.mean())


def test_radii_of_users_with_one_like_each() -> None:
    radius, deviation = radii(np.array([1, 2]), np.array([1.0, 1.4]), 3)
    np.testing.assert_allclose(radius, [1.2, 1.0, 1.4])
    np.testing.assert_allclose(deviation, 0.2)


@pytest.mark.parametrize("split", ["train", "valid"])
def test_radii_of_the_teacher(
    teacher: FNDTeacher, tiny_data: OutfitData, split: str
) -> None:
    targets = teacher.targets(tiny_data, split)
    likes = tiny_data.likes(split)
    items = teacher.embed_items(tiny_data)
    outfits = teacher.embed_outfits(items, tiny_data.outfit_items)
    index = tiny_data.user_index[likes.user]
    users = np.array(teacher.encode_users(index))
    distance = np.linalg.norm(users - outfits[likes.outfit], axis=1)
    size = 1 + len(tiny_data.vocabulary.users)
    radius, deviation = loop_radii(index, distance, size)
    np.testing.assert_allclose(targets.radius, radius, rtol=1e-5)
    np.testing.assert_allclose(targets.deviation, deviation, rtol=1e-4)


def test_users_the_teacher_does_not_know(
    teacher: FNDTeacher, tiny_data: OutfitData
) -> None:
    known = tiny_data.vocabulary
    few = tiny_data.with_vocabulary(
        ModelVocabulary(
            Vocabulary(known.users.to_list()[:3]), known.items, known.categories
        )
    )
    told = teacher.targets(few)
    assert told.radius.shape == (4,)
    assert np.isfinite(told.radius).all()
    assert (told.deviation.numpy() > 0).all()


def test_scores_and_zscores(
    teacher: FNDTeacher, targets: TeacherTargets, tiny_data: OutfitData
) -> None:
    batch = one_batch(tiny_data)
    scores = np.array(teacher(batch))
    np.testing.assert_allclose(targets.scores(batch), scores, atol=1e-5)
    user = np.array(batch["user"])
    distance = np.sqrt(2 - 2 * scores / 10)
    z = (distance - targets.radius.numpy()[user][:, None]) / (
        targets.deviation.numpy()[user][:, None]
    )
    np.testing.assert_allclose(targets.distance_zscore(batch), z, atol=1e-3)


def test_shared_scores_and_zscores(
    teacher: FNDTeacher, targets: TeacherTargets, tiny_data: OutfitData
) -> None:
    batch = one_batch(tiny_data, 14)
    items = teacher.encode_items(batch["items"])
    outfits = np.array(teacher.encode_outfits(items, batch["outfits"]))
    users = np.array(teacher.encode_users(batch["user"]))
    cosine = np.einsum("ud,ocd->uoc", users, outfits)
    user = np.array(batch["user"])
    assert len(np.unique(user)) < 14
    same = user[:, None] == user
    scores = np.where(same[..., None], EXCLUDED, 10 * cosine).reshape(14, -1)
    found = np.array(targets.scores(batch, in_batch=True))
    assert found.shape == (14, 4 + 14 * 4)
    np.testing.assert_allclose(found[:, :4], teacher(batch), atol=1e-5)
    np.testing.assert_allclose(found[:, 4:], scores, atol=1e-4)
    z = np.sqrt(np.maximum(2 - 2 * cosine, 0)).reshape(14, -1)
    z = (z - targets.radius.numpy()[user][:, None]) / (
        targets.deviation.numpy()[user][:, None]
    )
    found = np.array(targets.distance_zscore(batch, in_batch=True))
    np.testing.assert_allclose(found[:, 4:], z, atol=1e-3)
    np.testing.assert_allclose(
        found[:, :4], targets.distance_zscore(batch), atol=1e-4
    )


def test_scores_are_corrected_as_those_of_a_student(
    teacher: FNDTeacher, targets: TeacherTargets, tiny_data: OutfitData
) -> None:
    batches = tiny_data.batches(
        "train", 14, negatives=0, sampling_probability=True
    )
    batch = next(iter(batches))
    plain = {key: batch[key] for key in ("user", "outfits", "items")}
    before = np.array(targets.scores(plain, in_batch=True))
    found = np.array(targets.scores(batch, in_batch=True))
    ids = batch["candidate_ids"].numpy().ravel()
    correction = np.log(batch["sampling_probability"].numpy().ravel())
    np.testing.assert_allclose(
        found[:, 0], before[:, 0] - correction, rtol=1e-5
    )
    excluded = (before[:, 1:] == EXCLUDED) | (ids[:, None] == ids)
    expected = np.where(excluded, EXCLUDED, before[:, 1:] - correction)
    np.testing.assert_allclose(found[:, 1:], expected, rtol=1e-5)


def test_the_tower_runs_once_over_the_catalogue(tiny_data: OutfitData) -> None:
    teacher = tiny_teacher(tiny_data)
    targets = teacher.targets(tiny_data)
    batch = one_batch(tiny_data)
    before = np.array(targets.scores(batch))

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the item tower was called")

    teacher.encode_items = refuse  # type: ignore[method-assign]
    for weight in teacher.item_tower.weights:
        weight.assign(weight * 0)
    np.testing.assert_array_equal(targets.scores(batch), before)
    # No photo or feature is needed.
    bare = {**batch, "items": {"row": batch["items"]["row"]}}
    np.testing.assert_array_equal(targets.scores(bare), before)
    assert np.isfinite(targets.distance_zscore(bare, in_batch=True)).all()
