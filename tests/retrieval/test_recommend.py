import numpy as np
import pytest
from tiny_models import batch_of, tiny_teacher

from fndrec import recommend
from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.models import FNDTeacher


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data)


def test_best_first(model: FNDTeacher, tiny_data: OutfitData) -> None:
    users = ["user3", "user0"]
    found = recommend(model, tiny_data, users, k=1000, exclude_liked=False)
    for user, rows in zip(users, found, strict=True):
        scores = np.array(
            model(
                batch_of(
                    tiny_data,
                    tiny_data.users.rows([user]),
                    tiny_data.outfit_items[None],
                )
            )
        )[0]
        assert len(rows) == tiny_data.num_outfits
        order = tiny_data.outfits.rows([row.outfit_id for row in rows])
        assert sorted(order) == list(range(tiny_data.num_outfits))
        np.testing.assert_allclose(
            [row.score for row in rows], scores[order], atol=1e-4
        )
        assert (np.diff([row.score for row in rows]) <= 0).all()
        for row, outfit in zip(rows, order, strict=True):
            assert row.user_id == user
            assert row.known
            assert row.item_ids == tuple(tiny_data.outfit_item_ids(int(outfit)))


def test_k(model: FNDTeacher, tiny_data: OutfitData) -> None:
    all_of_them = recommend(model, tiny_data, ["user1"], k=60)[0]
    assert recommend(model, tiny_data, ["user1"], k=3)[0] == all_of_them[:3]
    assert recommend(model, tiny_data, [], k=3) == []
    for k in (0, -1):
        with pytest.raises(ValueError, match=f"k={k}"):
            recommend(model, tiny_data, ["user1"], k=k)


def test_liked_outfits_are_left_out(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    row = int(tiny_data.users.rows(["user2"])[0])
    liked = {
        tiny_data.outfits[int(outfit)]
        for likes in tiny_data.splits.values()
        for outfit in likes.outfit[likes.user == row]
    }
    assert len(liked) > 5
    found = recommend(model, tiny_data, ["user2"], k=60)[0]
    ids = {row.outfit_id for row in found}
    assert ids == set(tiny_data.outfits) - liked


def test_an_unknown_user(model: FNDTeacher, tiny_data: OutfitData) -> None:
    # user11 likes outfits in valid only: the model has never seen it.
    found = recommend(
        model, tiny_data, ["user11", "nobody", "user1"], 60, exclude_liked=False
    )
    assert [rows[0].known for rows in found] == [False, False, True]
    best = [[(row.outfit_id, row.score) for row in rows] for rows in found]
    assert best[0] == best[1]
    assert best[0] != best[2]


def test_data_seen_otherwise(model: FNDTeacher, tiny_data: OutfitData) -> None:
    moved = tiny_data.with_vocabulary(
        ModelVocabulary(Vocabulary(["x"]), Vocabulary(["y"]), None)
    )
    assert recommend(model, moved, ["user1"]) == recommend(
        model, tiny_data, ["user1"]
    )
