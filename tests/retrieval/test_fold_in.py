from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_teacher

from fndrec import DataError, fold_in
from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.layers.shrunken_mean import PRIOR_LIKES
from fndrec.retrieval.fold_in import MAX_LIKES


@pytest.fixture(scope="module", params=["table", "history", "anchors"])
def model(request: pytest.FixtureRequest, tiny_data: OutfitData) -> Any:
    return tiny_teacher(tiny_data, users=request.param)


@pytest.fixture(scope="module")
def vectors(model: Any, tiny_data: OutfitData) -> np.ndarray:
    return model.embed_outfits(
        model.embed_items(tiny_data), tiny_data.outfit_items
    )


LIKED = ["outfit7", "outfit31", "outfit4"]


def test_it_is_what_the_model_makes_of_likes(
    model: Any, tiny_data: OutfitData, vectors: np.ndarray
) -> None:
    rows = tiny_data.outfits.rows(LIKED)
    expected = np.array(
        model.encode_likes(vectors[rows][None], np.ones((1, 3), bool))
    )[0]
    before = [weight.numpy().copy() for weight in model.weights]
    for found in (
        fold_in(model, tiny_data, LIKED, vectors),
        fold_in(model, tiny_data, LIKED),
        fold_in(model, tiny_data, [*LIKED[::-1], "outfit7"], vectors),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def test_the_closed_form_by_hand(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    sets = tiny_data.outfit_items[tiny_data.outfits.rows(LIKED)]
    liked = model.embed_outfits(model.embed_items(tiny_data), sets)
    cold = np.array(model.encode_users(np.array([0])))[0]
    total = PRIOR_LIKES * cold + liked.sum(axis=0)
    np.testing.assert_allclose(
        fold_in(model, tiny_data, LIKED),
        total / np.linalg.norm(total),
        atol=1e-5,
    )


def test_likes_that_cannot_be_used(
    model: Any, tiny_data: OutfitData, vectors: np.ndarray
) -> None:
    with pytest.raises(ValueError, match=r"1 to 1000 outfits. Received: 0"):
        fold_in(model, tiny_data, [])
    many = [f"outfit{i}" for i in range(MAX_LIKES + 1)]
    with pytest.raises(ValueError, match="Received: 1001 of them"):
        fold_in(model, tiny_data, many)
    with pytest.raises(DataError, match=r"'no such', which is none of them"):
        fold_in(model, tiny_data, ["outfit1", "no such"])
    with pytest.raises(ValueError, match=r"`outfit_vectors` .* Received: 9"):
        fold_in(model, tiny_data, LIKED, vectors[:9])


def test_prior_likes_draw_to_the_cold_start_user(
    tiny_data: OutfitData,
) -> None:
    model = tiny_teacher(tiny_data)
    cold = np.array(model.encode_users(np.array([0])))[0]
    sets = tiny_data.outfit_items[tiny_data.outfits.rows(LIKED)]
    liked = model.embed_outfits(model.embed_items(tiny_data), sets)
    for prior in (0.5, 40.0):
        total = prior * cold + liked.sum(axis=0)
        np.testing.assert_allclose(
            fold_in(model, tiny_data, LIKED, prior_likes=prior),
            total / np.linalg.norm(total),
            atol=1e-5,
        )
    with pytest.raises(ValueError, match=r"`prior_likes` .*prior_likes=0"):
        fold_in(model, tiny_data, LIKED, prior_likes=0)


def test_items_are_those_of_the_models_vocabulary(
    tiny_data: OutfitData,
) -> None:
    """A model of ids reads other data by names, not by their numbers."""
    model = tiny_teacher(tiny_data, use_id=True)
    rng = np.random.default_rng(0)
    for weight in model.item_tower.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    names = tiny_data.items.to_list()
    known = tiny_data.vocabulary
    other = tiny_data.with_vocabulary(
        ModelVocabulary(known.users, Vocabulary(names[::-1]), known.categories)
    )
    assert (other.item_index != tiny_data.item_index).any()
    np.testing.assert_allclose(
        fold_in(model, other, LIKED),
        fold_in(model, tiny_data, LIKED),
        atol=1e-6,
    )
