"""Infinity and NaN spoil the outfit they are in, and no other."""

from typing import Any

import numpy as np
import pytest
from signature_calls import call, inputs_of, item_inputs

from fndrec.data import OutfitData
from fndrec.models import FNDTeacher

BAD = [np.nan, np.inf, -np.inf]
LOWEST = np.finfo(np.float32).min


@pytest.fixture(scope="module")
def vectors(
    exported_model: FNDTeacher, tiny_photo_data: OutfitData
) -> np.ndarray:
    return exported_model.embed_items(tiny_photo_data)[:12].reshape(4, 3, -1)


@pytest.mark.parametrize("bad", BAD)
def test_embeddings(loaded: Any, vectors: np.ndarray, bad: float) -> None:
    embed = loaded.signatures["embed_outfits_from_embeddings"]
    length = np.array([3, 1, 2, 3], np.int32)
    right = call(embed, item_embedding=vectors, length=length)
    assert right["valid"].all()
    spoiled = vectors.copy()
    # The first vector of the batch, which empty slots might look at.
    spoiled[0, 0, 2] = bad
    # Past its length: not looked at.
    spoiled[1, 1:] = bad
    spoiled[2, 2] = bad
    found = call(embed, item_embedding=spoiled, length=length)
    assert found["valid"].tolist() == [False, True, True, True]
    assert (found["embedding"][0] == 0).all()
    np.testing.assert_allclose(
        found["embedding"][1:], right["embedding"][1:], atol=1e-6
    )


@pytest.mark.parametrize("bad", BAD)
def test_scores_of_embeddings(
    loaded: Any, vectors: np.ndarray, bad: float
) -> None:
    score = loaded.signatures["score_outfits_from_embeddings"]
    inputs = {"user_id": ["user1"] * 2, "length": [[3, 2], [1, 2]]}
    pairs = vectors.reshape(2, 2, 3, -1).copy()
    right = call(score, item_embedding=pairs, **inputs)
    pairs[0, 0, 0] = bad
    found = call(score, item_embedding=pairs, **inputs)
    assert found["valid"].tolist() == [[False, True], [True, True]]
    assert found["score"][0, 0] == LOWEST
    good = found["valid"]
    np.testing.assert_allclose(
        found["score"][good], right["score"][good], atol=1e-5
    )


@pytest.mark.parametrize("bad", BAD)
def test_features(
    loaded: Any,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    bad: float,
) -> None:
    score = loaded.signatures["score_photos"]
    inputs = inputs_of(
        tiny_photo_data, exported_model, tiny_photo_data.outfit_items[:3]
    )
    users = ["user1", "user2", "nobody"]
    right = call(score, user_id=users, **inputs)
    assert (inputs["length"] < inputs["feature"].shape[1]).all()
    inputs["feature"] = inputs["feature"].copy()
    inputs["feature"][0, 0] = bad
    inputs["feature"][1:, -1] = bad  # past the length
    found = call(score, user_id=users, **inputs)
    assert found["valid"].tolist() == [False, True, True]
    assert found["score"][0] == LOWEST
    np.testing.assert_allclose(found["score"][1:], right["score"][1:], 1e-5)


@pytest.mark.parametrize("bad", BAD)
def test_items(loaded: Any, tiny_photo_data: OutfitData, bad: float) -> None:
    embed = loaded.signatures["embed_items"]
    inputs = item_inputs(tiny_photo_data, np.arange(3))
    right = call(embed, **inputs)
    inputs["feature"] = inputs["feature"].copy()
    inputs["feature"][1] = bad
    found = call(embed, **inputs)
    assert found["valid"].tolist() == [True, False, True]
    assert (found["embedding"][1] == 0).all()
    np.testing.assert_allclose(
        found["embedding"][[0, 2]], right["embedding"][[0, 2]], atol=1e-6
    )
