"""The best items to complete an outfit with."""

import numpy as np
import pytest
from tiny_models import tiny_teacher

from fndrec import Limit, OutfitCompleter
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.evaluation.candidates import Candidates
from fndrec.models import FNDTeacher


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data)


@pytest.fixture(scope="module")
def completer(model: FNDTeacher, tiny_data: OutfitData) -> OutfitCompleter:
    return OutfitCompleter(model, tiny_data)


def plain(
    model: FNDTeacher, data: OutfitData, user: str, sets: np.ndarray
) -> np.ndarray:
    """Scores by the model's own way for candidates."""
    index = data.vocabulary.users.rows([user]) + 1
    return model.score_sets(data, index, sets[None])[0]


def test_all_items_of_a_category(
    completer: OutfitCompleter, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    # Items 1, 5, 9, ... are hats.
    hats = np.arange(1, 40, 4)
    for user, partial in (("user2", [0, 3]), ("nobody", [5])):
        given = [f"item{row}" for row in partial]
        found = completer.complete([user], [given], "hat", 40)[0]
        rows = np.array([row for row in hats if row not in partial])
        sets = np.array([[*partial, row] for row in rows])
        scores = plain(model, tiny_data, user, sets)
        order = np.argsort(-scores, kind="stable")
        assert [one.item_id for one in found] == [
            f"item{row}" for row in rows[order]
        ]
        np.testing.assert_allclose(
            [one.score for one in found], scores[order], atol=1e-4
        )
        assert found[0].item_ids == (*given, found[0].item_id)
        assert found[0].known == (user == "user2")


def test_several_at_once(
    completer: OutfitCompleter, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    """Each row has its own user, outfit and category."""
    users, partial = ["user1", "user2"], [[0, 3], [7]]
    given = [[f"item{row}" for row in rows] for rows in partial]
    both = completer.complete(users, given, ["hat", None], 5)
    pools = [range(1, 40, 4), range(40)]
    for user, rows, pool, found in zip(
        users, partial, pools, both, strict=True
    ):
        left = np.array([row for row in pool if row not in rows])
        sets = np.array([[*rows, row] for row in left])
        scores = plain(model, tiny_data, user, sets)
        best = np.argsort(-scores, kind="stable")[:5]
        assert [one.item_id for one in found] == [
            f"item{row}" for row in left[best]
        ]
        np.testing.assert_allclose(
            [one.score for one in found], scores[best], atol=1e-4
        )
    assert len(completer.complete(["user1"], [[]], None, 99)[0]) == 40
    assert completer.complete([], [], None) == []


def test_filling_in_the_blank(
    completer: OutfitCompleter, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    """The choices of the evaluation, one by one, as it scores them."""
    drawn = Candidates.from_data(tiny_data, "valid", 3)
    users = tiny_data.users.take(drawn.user)
    scores = model.score_sets(
        tiny_data, tiny_data.user_index[drawn.user], drawn.blanks
    )
    for i, blank in enumerate(drawn.blanks):
        slot = int(np.argmax((blank != blank[0]).any(axis=0)))
        given = [
            tiny_data.items[int(row)]
            for row in np.delete(blank[0], slot)
            if row >= 0
        ]
        choices = tiny_data.items.take(blank[:, slot])
        found = completer.complete(
            [users[i]], [given], None, 4, choices=[choices]
        )[0]
        assert len(found) == len(set(choices))
        by_id = {one.item_id: one.score for one in found}
        np.testing.assert_allclose(
            [by_id[name] for name in choices], scores[i], atol=1e-4
        )


def test_limits_and_exclusions(
    completer: OutfitCompleter, tiny_data: OutfitData
) -> None:
    price = np.arange(40.0)
    stock = np.ones(40)
    stock[[9, 13]] = [0, np.nan]
    given = ["item0", "item3"]
    found = completer.complete(
        ["user1"],
        [given],
        "hat",
        limits=[
            # The given items cost 3: without them, hat 25 would do.
            Limit("price", price, most=27),
            Limit("stock", stock, least=1, of="each"),
        ],
        exclude_items=["item5"],
    )[0]
    # Hats 1, 5, 9, ...: up to 27 - 3, without 5, 9 and 13.
    assert sorted(one.item_id for one in found) == ["item1", "item17", "item21"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outfits": [["item0", "none"]]}, "`outfits`.*'none'"),
        ({"outfits": [["item0", "item0"]]}, "`outfits`.*'item0' twice"),
        ({"category": "sock"}, "`category`.*'hat'.*'sock'"),
        ({"exclude_items": ["no"]}, "`exclude_items`.*'no'"),
        ({"choices": [["no"]]}, "`choices`.*'no'"),
        ({"choices": [["item0"]]}, "'hat'.*'user1'.*none"),
        (
            {"exclude_items": [f"item{i}" for i in range(1, 40, 4)]},
            "'hat'.*Received: none",
        ),
        (
            {"limits": [Limit("price", np.arange(40.0), most=-1)]},
            "sum of 'price' at most -1",
        ),
        (
            {"limits": [Limit("stock", np.ones(40), most=0, of="each")]},
            "`outfits`.*each of 'stock' at most 0.*'item0', of 1",
        ),
    ],
)
def test_what_cannot_be(
    completer: OutfitCompleter, arguments: dict[str, object], message: str
) -> None:
    asked = {"outfits": [["item0"]], "category": "hat"} | arguments
    with pytest.raises(DataError, match=message):
        completer.complete(["user1"], **asked)  # type: ignore[arg-type]


def test_bad_arguments(
    completer: OutfitCompleter, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    with pytest.raises(ValueError, match="k=0"):
        completer.complete(["user1"], [["item0"]], k=0)
    with pytest.raises(ValueError, match=r"`outfits`.*2"):
        completer.complete(["user1"], [[], []])
    with pytest.raises(ValueError, match=r"`category`.*2"):
        completer.complete(["user1"], [[]], ["hat", "top"])
    with pytest.raises(ValueError, match=r"'price'.*40 items.*3 values"):
        completer.complete(["user1"], [[]], limits=[Limit("price", np.ones(3))])
    with pytest.raises(ValueError, match="`item_vectors`"):
        OutfitCompleter(model, tiny_data, np.zeros((3, 8), np.float32))
