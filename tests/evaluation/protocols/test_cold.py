"""Users and items held out of training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_teacher

from fndrec import (
    DataError,
    evaluate_cold_items,
    evaluate_cold_users,
    hold_out_items,
    hold_out_users,
)
from fndrec.data import OutfitData
from fndrec.evaluation import Candidates, ColdResult
from fndrec.evaluation.protocols.cold_users import _given_likes
from fndrec.evaluation.user_metrics import metrics_by_user


def test_users_are_held_out_whole(tiny_data: OutfitData) -> None:
    warm, cold = hold_out_users(tiny_data, 3, seed=1)
    assert len(set(cold)) == 3
    rows = tiny_data.users.rows(cold)
    for split, likes in tiny_data.splits.items():
        kept = warm.likes(split)
        assert not np.isin(kept.user, rows).any()
        assert len(kept) == int((~np.isin(likes.user, rows)).sum())
    assert not set(cold) & set(warm.vocabulary.users)
    assert hold_out_users(tiny_data, 3, seed=1)[1] == cold
    others = {tuple(hold_out_users(tiny_data, 3, seed=s)[1]) for s in range(9)}
    assert len(others) > 3
    # `user11` likes nothing in train.
    assert not any("user11" in drawn for drawn in others)


def test_so_many_users_there_are_not(tiny_data: OutfitData) -> None:
    with pytest.raises(ValueError, match=r", 11\. Received: number=11"):
        hold_out_users(tiny_data, 11)
    with pytest.raises(ValueError, match="Received: number=0"):
        hold_out_users(tiny_data, 0)
    with pytest.raises(TypeError, match="Received: number=True"):
        hold_out_users(tiny_data, True)


def test_items_are_held_out(tiny_data: OutfitData) -> None:
    def seen(data: OutfitData) -> set[int]:
        items = data.outfit_items[data.likes("train").outfit].ravel()
        return set(items.tolist()) - {-1}

    warm = hold_out_items(tiny_data, 0.1, seed=2)
    gone = seen(tiny_data) - seen(warm)
    # Items that stood beside them alone are gone too.
    assert len(gone) >= round(0.1 * len(seen(tiny_data)))
    outfits = set(warm.likes("train").outfit.tolist())
    for outfit in set(tiny_data.likes("train").outfit.tolist()) - outfits:
        assert gone & set(tiny_data.outfit_items[outfit].tolist())
    assert warm.likes("valid") is not tiny_data.likes("train")
    assert len(warm.likes("valid")) == len(tiny_data.likes("valid"))


def test_items_that_cannot_be_held_out(tiny_data: OutfitData) -> None:
    for share in (0.0, 1.0, -0.5):
        with pytest.raises(ValueError, match=f"Received: share={share}"):
            hold_out_items(tiny_data, share)
    with pytest.raises(DataError, match="likes in train were expected"):
        hold_out_items(tiny_data, 0.99)


@pytest.fixture(scope="module", params=["table", "history", "anchors"])
def cold(request: pytest.FixtureRequest, tiny_data: OutfitData) -> Any:
    warm, users = hold_out_users(tiny_data, 4)
    model = tiny_teacher(warm, users=request.param)
    rng = np.random.default_rng(0)
    for weight in model.user_embedding.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return model, users


def test_cold_users_by_hand(cold: Any, tiny_data: OutfitData) -> None:
    model, users = cold
    data = tiny_data.with_vocabulary(model.vocabulary)
    found = evaluate_cold_users(model, tiny_data, users, (0, None), seed=3)
    candidates = Candidates.from_data(data, "valid", 10, seed=3)
    rows = np.isin(candidates.user, data.users.rows(users))
    items = model.embed_items(data)
    liked = model.embed_outfits(items, data.outfit_items)
    train = data.likes("train")
    for name, give in (("0 likes", False), ("all likes", True)):
        scores = []
        for i in np.flatnonzero(rows):
            own = train.outfit[train.user == candidates.user[i]]
            user = np.array(
                model.encode_likes(
                    liked[own][None], np.full((1, len(own)), give)
                )
            )
            outfits = model.embed_outfits(items, candidates.outfits[i])
            scores.append(np.array(model.score(user, outfits[None]))[0])
        expected = metrics_by_user(candidates.user[rows], np.array(scores))
        np.testing.assert_allclose(
            found.auc_by_user[name], expected["auc"], atol=1e-6
        )
    assert found.likes == int(rows.sum())
    # The order of the users is not that of the table.
    again = evaluate_cold_users(
        model, tiny_data, users[::-1], (0, None), seed=3
    )
    np.testing.assert_array_equal(
        found.auc_by_user["all likes"], again.auc_by_user["all likes"]
    )


def test_given_likes_count(cold: Any, tiny_data: OutfitData) -> None:
    model, users = cold
    found = evaluate_cold_users(model, tiny_data, users, (1, 5, 99, None))
    by_user = found.auc_by_user
    np.testing.assert_array_equal(by_user["99 likes"], by_user["all likes"])
    assert not np.array_equal(by_user["1 likes"], by_user["all likes"])
    assert "all likes" in str(found)


def test_cold_users_that_cannot_be(cold: Any, tiny_data: OutfitData) -> None:
    model, users = cold
    with pytest.raises(ValueError, match=r"`likes` .*likes=-1"):
        evaluate_cold_users(model, tiny_data, users, (-1,))
    with pytest.raises(ValueError, match="`users` should name one"):
        evaluate_cold_users(model, tiny_data, [])
    with pytest.raises(DataError, match="Received: 'nobody', who does not"):
        evaluate_cold_users(model, tiny_data, [*users, "nobody"])
    known = next(u for u in tiny_data.users if u not in users)
    if len(model.vocabulary.users):
        with pytest.raises(DataError, match=f"'{known}', whom the model knows"):
            evaluate_cold_users(model, tiny_data, [known])


def test_cold_items_stand_against_cold_items(tiny_data: OutfitData) -> None:
    """A model that only tells new from known does no better than chance."""
    model = tiny_teacher(tiny_data)
    train = tiny_data.outfit_items[tiny_data.likes("train").outfit]
    new = ~np.isin(np.arange(tiny_data.num_items), train)
    liked = tiny_data.outfit_items[tiny_data.likes("valid").outfit]
    # Padding is -1, the last item, which is not seen in train.
    has_new: np.ndarray = np.any(new[liked] & (liked >= 0), axis=1)
    assert 0 < has_new.sum() < len(has_new)

    class Telling(type(model)):  # type: ignore[misc]
        def score_sets(
            self, data: OutfitData, users: np.ndarray, outfits: np.ndarray
        ) -> np.ndarray:
            return (new[outfits] & (outfits >= 0)).sum(axis=-1).astype(float)

    telling = Telling.from_data(tiny_data, dim=8, num_heads=2)
    found = evaluate_cold_items(telling, tiny_data)
    assert found.likes == len(liked)
    assert found.auc == {"known items": 0.5, "new items": 0.5}
    users = tiny_data.likes("valid").user
    assert len(found.auc_by_user["new items"]) == len(np.unique(users[has_new]))


def test_no_new_items(tiny_data: OutfitData) -> None:
    data = replace(
        tiny_data,
        splits={s: tiny_data.likes("train") for s in ("train", "valid")},
    )
    found = evaluate_cold_items(tiny_teacher(data), data)
    assert np.isnan(found.auc["new items"])
    assert 0 < found.auc["known items"] < 1


def test_result(tmp_path: Path) -> None:
    result = ColdResult(
        "shop", "valid", 5, {"1 likes": np.array([0.5, np.nan, 1.0])}
    )
    assert result.auc == {"1 likes": 0.75}
    assert "0.7500" in str(result)
    result.save(tmp_path / "cold.json")
    assert '"1 likes": 2' in (tmp_path / "cold.json").read_text()


def test_prior_likes_of_cold_users(tiny_data: OutfitData) -> None:
    warm, users = hold_out_users(tiny_data, 4)
    model = tiny_teacher(warm)
    rng = np.random.default_rng(0)
    for weight in model.user_embedding.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))

    def auc(prior: float, likes: int | None) -> np.ndarray:
        found = evaluate_cold_users(
            model, tiny_data, users, (likes,), prior_likes=prior
        )
        return next(iter(found.auc_by_user.values()))

    # So strong a prior leaves nothing of the likes.
    np.testing.assert_array_equal(auc(1e9, None), auc(4.0, 0))
    assert not np.array_equal(auc(0.01, None), auc(4.0, 0))


def test_the_seed_draws_the_given_likes(
    cold: Any, tiny_data: OutfitData
) -> None:
    model, users = cold
    data = tiny_data.with_vocabulary(model.vocabulary)
    rows = np.unique(data.users.rows(users))
    first, again, other = (_given_likes(data, rows, s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    train = data.likes("train")
    for row, given in zip(rows, first, strict=True):
        own = train.outfit[train.user == row]
        assert sorted(given[given >= 0]) == sorted(own)

    def one_like(seed: int) -> np.ndarray:
        found = evaluate_cold_users(model, tiny_data, users, (1,), seed=seed)
        return found.auc_by_user["1 likes"]

    np.testing.assert_array_equal(one_like(1), one_like(1))
