"""What must not change a score."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tiny_models import batch_of, tiny_teacher

from fndrec.data import OutfitData
from fndrec.evaluation import Candidates

# Scores here are ten times a cosine, so float32 is good to 1e-5 of their size.
TOLERANCE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def model(tiny_photo_data: OutfitData) -> Any:
    model = tiny_teacher(tiny_photo_data, use_id=True)
    # Away from its start, where moving averages are 0 and 1.
    rng = np.random.default_rng(0)
    for weight in model.non_trainable_weights:
        if weight.dtype == "float32":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return model


@pytest.fixture(scope="module")
def candidates(tiny_photo_data: OutfitData) -> Candidates:
    return Candidates.from_data(tiny_photo_data, "valid", negatives=3)


@pytest.fixture(scope="module")
def scores(
    model: Any, tiny_photo_data: OutfitData, candidates: Candidates
) -> np.ndarray:
    batch = batch_of(tiny_photo_data, candidates.user, candidates.outfits)
    scores = np.array(model(batch))
    assert scores.std() > 0.5
    return scores


def test_padding_changes_no_score(
    model: Any,
    tiny_photo_data: OutfitData,
    candidates: Candidates,
    scores: np.ndarray,
) -> None:
    wide = np.pad(
        candidates.outfits, ((0, 0), (0, 0), (0, 3)), constant_values=-1
    )
    batch = batch_of(tiny_photo_data, candidates.user, wide)
    np.testing.assert_allclose(model(batch), scores, **TOLERANCE)
    # Nor where the padding stands.
    batch = batch_of(tiny_photo_data, candidates.user, np.roll(wide, 2, -1))
    np.testing.assert_allclose(model(batch), scores, **TOLERANCE)


def test_item_order_changes_no_score(
    model: Any,
    tiny_photo_data: OutfitData,
    candidates: Candidates,
    scores: np.ndarray,
) -> None:
    rng = np.random.default_rng(1)
    shuffled = rng.permuted(candidates.outfits, axis=-1)
    assert not np.array_equal(shuffled, candidates.outfits)
    batch = batch_of(tiny_photo_data, candidates.user, shuffled)
    np.testing.assert_allclose(model(batch), scores, **TOLERANCE)


def test_item_axis_changes_no_score(
    model: Any,
    tiny_photo_data: OutfitData,
    candidates: Candidates,
    scores: np.ndarray,
) -> None:
    """Items in another order, one twice, and one that no outfit has."""
    batch = batch_of(tiny_photo_data, candidates.user, candidates.outfits)
    size = len(batch["items"]["row"])
    order = np.random.default_rng(2).permutation(size)
    place = np.argsort(order)
    order = np.concatenate([order, order[:2]])
    outfits = np.array(batch["outfits"])
    moved = np.where(outfits < 0, -1, place[outfits]).astype(np.int32)
    moved[0] = np.where(moved[0] == 0, size, moved[0])
    items = {key: tf.gather(v, order) for key, v in batch["items"].items()}
    found = model({**batch, "items": items, "outfits": moved})
    np.testing.assert_allclose(found, scores, **TOLERANCE)


def test_other_likes_change_no_score(
    model: Any,
    tiny_photo_data: OutfitData,
    candidates: Candidates,
    scores: np.ndarray,
) -> None:
    for rows in (slice(0, 1), slice(3, 10)):
        batch = batch_of(
            tiny_photo_data, candidates.user[rows], candidates.outfits[rows]
        )
        np.testing.assert_allclose(model(batch), scores[rows], **TOLERANCE)
    one = batch_of(tiny_photo_data, candidates.user, candidates.outfits[:, 2:3])
    np.testing.assert_allclose(model(one), scores[:, 2:3], **TOLERANCE)


def test_scores_of_whole_catalogues_are_those_of_batches(
    model: Any,
    tiny_photo_data: OutfitData,
    candidates: Candidates,
    scores: np.ndarray,
) -> None:
    data = tiny_photo_data
    vectors = model.embed_items(data, batch_size=7)
    assert vectors.shape == (data.num_items, 8)
    users = data.user_index[candidates.user]
    found = model.score_outfits(
        users, vectors, candidates.outfits, batch_size=5
    )
    np.testing.assert_allclose(found, scores, **TOLERANCE)
    rows = np.array([5, 3, 5], np.int32)
    np.testing.assert_allclose(
        model.embed_items(data, rows), vectors[rows], **TOLERANCE
    )
    outfits = model.embed_outfits(vectors, candidates.outfits[:, 0], 5)
    np.testing.assert_allclose(np.linalg.norm(outfits, axis=-1), 1, **TOLERANCE)
    cosine = (outfits * np.array(model.encode_users(users))).sum(axis=-1)
    np.testing.assert_allclose(10 * cosine, scores[:, 0], atol=1e-4)
    none = np.zeros((0, 4), np.int32)
    assert model.embed_outfits(vectors, none).shape == (0, 8)
