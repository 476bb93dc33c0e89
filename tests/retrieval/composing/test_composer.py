"""The best new outfits, against all of them one by one."""

import itertools
from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_teacher

from fndrec import Limit, OutfitComposer
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.models import FNDTeacher

TRIPLE: list[str | None] = ["bottom", "hat", "top"]
PRICE = np.random.default_rng(3).uniform(1, 10, 40)


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> FNDTeacher:
    model = tiny_teacher(tiny_data)
    rng = np.random.default_rng(0)
    table = model.user_embedding.embedding.embeddings
    # Users start near one another.
    table.assign(rng.normal(size=table.shape))
    return model


@pytest.fixture(scope="module")
def composer(model: FNDTeacher, tiny_data: OutfitData) -> OutfitComposer:
    return OutfitComposer(model, tiny_data)


def items_of(category: str | None) -> list[int]:
    order = ["bottom", "hat", "shoe", "top"]
    return [
        row
        for row in range(40)
        if category is None or row % 4 == order.index(category)
    ]


def ranked(
    model: FNDTeacher,
    data: OutfitData,
    user: str,
    template: list[str | None],
    new: bool = True,
) -> list[tuple[frozenset[str], float]]:
    """All outfits, best first, by sets of Python and the model's scores."""
    known = {frozenset(row[row >= 0].tolist()) for row in data.outfit_items}
    sets = {
        frozenset(one)
        for one in itertools.product(*map(items_of, template))
        if len(set(one)) == len(one)
    }
    kept = [sorted(one) for one in sets if not (new and one in known)]
    index = data.vocabulary.users.rows([user]) + 1
    scores = model.score_sets(data, index, np.array(kept)[None])[0]
    return [
        (frozenset(f"item{row}" for row in kept[i]), float(scores[i]))
        for i in np.argsort(-scores)
    ]


def check(found: Any, expected: list[tuple[frozenset[str], float]]) -> None:
    assert [frozenset(one.item_ids) for one in found.outfits] == [
        one for one, _ in expected
    ]
    np.testing.assert_allclose(
        [one.score for one in found.outfits],
        [score for _, score in expected],
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "template", [TRIPLE, ["hat", "hat"], ["hat", None], ["hat"]]
)
def test_all_are_looked_at(
    composer: OutfitComposer,
    model: FNDTeacher,
    tiny_data: OutfitData,
    template: list[str | None],
) -> None:
    for user in ("user1", "nobody"):
        for new in (True, False):
            expected = ranked(model, tiny_data, user, template, new)
            found = composer.compose(user, template, 7, new=new)
            check(found, expected[:7])
            assert found.optimal
            assert found.gap == 0
            assert found.better_share() == 0
            assert found.visited == len(expected)
            assert found.known == (user == "user1")
    everything = composer.compose("user1", template, 10**6)
    check(everything, ranked(model, tiny_data, "user1", template))


def test_size_of_the_space(composer: OutfitComposer) -> None:
    sizes = {
        ("hat", "top", "shoe"): 10**3,
        ("hat", "hat", "top"): 45 * 10,
        (None, None): 40 * 39 // 2,
        ("hat", None): 10 * 40,
    }
    for template, size in sizes.items():
        assert composer.compose("user1", template).space == size


def test_items_stand_in_the_order_of_the_template(
    composer: OutfitComposer, tiny_data: OutfitData
) -> None:
    found = composer.compose("user1", ["top", "bottom", "hat"], 5)
    for one in found.outfits:
        rows = tiny_data.items.rows(one.item_ids)
        assert (rows % 4).tolist() == [3, 0, 1]
    found = composer.compose("user1", ["top", "bottom", "hat"], must=["item4"])
    rows = tiny_data.items.rows(found.outfits[0].item_ids)
    assert (rows % 4).tolist() == [3, 0, 1]
    assert rows[1] == 4


def test_constraints(
    composer: OutfitComposer, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    """All kinds together, against a filter in Python."""
    stock = np.ones(40)
    stock[::3] = 0
    everything = ranked(model, tiny_data, "user1", TRIPLE)

    def cheap(one: frozenset[str]) -> bool:
        rows = tiny_data.items.rows(sorted(one))
        return (
            4 <= PRICE[rows].sum() <= 15
            and bool((stock[rows] >= 1).all())
            and "item13" in one
            and not {"item7", "item11"} & one
            and int(rows.sum()) % 2 == 0
        )

    expected = [row for row in everything if cheap(row[0])]
    assert 3 < len(expected) < 50
    found = composer.compose(
        "user1",
        TRIPLE,
        100,
        must=["item13"],
        exclude_items=["item7", "item11"],
        limits=[
            Limit("price", PRICE, 4, 15),
            Limit("stock", stock, least=1, of="each"),
        ],
        constraint=lambda outfits: outfits.sum(axis=1) % 2 == 0,
    )
    check(found, expected)
    assert found.optimal


def test_all_slots_are_given(composer: OutfitComposer) -> None:
    found = composer.compose(
        "user1", ["hat", "top"], must=["item3", "item1"], k=3
    )
    assert [one.item_ids for one in found.outfits] == [("item1", "item3")]
    assert found.optimal


def test_an_item_of_a_narrow_slot(composer: OutfitComposer) -> None:
    """A hat takes the slot of hats, and leaves the one of any to all."""
    found = composer.compose("user1", [None, "hat"], must=["item5"])
    assert found.space == 39
    assert found.outfits[0].item_ids[1] == "item5"
    found = composer.compose("user1", [None, "hat"], must=["item5", "item9"])
    assert found.space == 1


def test_diversity(
    composer: OutfitComposer, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    everything = ranked(model, tiny_data, "user1", TRIPLE)
    for most in (0, 1, 2):
        expected: list[tuple[frozenset[str], float]] = []
        for one, score in everything:
            if all(len(one & other) <= most for other, _ in expected):
                expected.append((one, score))
        found = composer.compose("user1", TRIPLE, 6, max_shared=most)
        check(found, expected[:6])
    # What must be in all does not count.
    found = composer.compose("user1", TRIPLE, 4, max_shared=0, must=["item1"])
    sets = [set(outfit.item_ids) for outfit in found.outfits]
    assert len(sets) == 4
    for first, second in itertools.combinations(sets, 2):
        assert first & second == {"item1"}


def test_a_search(model: FNDTeacher, tiny_data: OutfitData) -> None:
    """Of 10,000 outfits some hundred are scored, and the best is found."""
    composer = OutfitComposer(model, tiny_data, exhaustive=1000, budget=800)
    template: list[str | None] = ["bottom", "hat", "top", "shoe"]
    exact = OutfitComposer(model, tiny_data)
    users = ["user1", "user5", "user8"]
    hits = 0
    for user in users:
        best = exact.compose(user, template)
        assert best.optimal
        found = composer.compose(user, template, 3)
        again = composer.compose(user, template, 3)
        assert found == again
        assert not found.optimal
        assert found.visited <= 800
        assert found.visited_share == found.visited / found.space
        assert found.bound == pytest.approx(10.0)
        assert found.gap == pytest.approx(10.0 - found.outfits[0].score)
        # (1 - p) ** n = 0.05.
        assert (1 - found.better_share()) ** found.sampled == pytest.approx(
            0.05
        )
        scores = [one.score for one in found.outfits]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] <= best.outfits[0].score + 1e-4
        hits += abs(scores[0] - best.outfits[0].score) < 1e-4
    assert hits == 3


def test_a_search_keeps_what_is_asked(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    composer = OutfitComposer(model, tiny_data, exhaustive=100, budget=300)
    known = {frozenset(tiny_data.outfit_item_ids(i)) for i in range(60)}
    found = composer.compose(
        "user1",
        ["hat", "hat", None],
        8,
        exclude_items=["item9"],
        limits=[Limit("price", PRICE, most=14)],
        constraint=lambda outfits: ~(outfits == 13).any(axis=1),
        max_shared=1,
    )
    assert len(found.outfits) == 8
    assert not found.optimal
    sets = [set(one.item_ids) for one in found.outfits]
    for one in sets:
        assert len(one) == 3
        assert not one & {"item9", "item13"}
        rows = tiny_data.items.rows(sorted(one))
        assert PRICE[rows].sum() <= 14
        assert (rows % 4 == 1).sum() >= 2
        assert frozenset(one) not in known
    for one, other in itertools.combinations(sets, 2):
        assert len(one & other) <= 1


def test_a_limit_that_few_keep(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    """So few that none is drawn: found by looking at all, or by repair."""
    template: list[str | None] = ["bottom", "hat", "shoe", "top", None]
    least = sum(sorted(PRICE[k::4])[0] for k in range(4))
    rest = min(sorted(PRICE[k::4])[1] for k in range(4))
    limit = Limit("price", PRICE, most=least + rest + 0.01)
    found = OutfitComposer(model, tiny_data).compose(
        "user1", template, limits=[limit]
    )
    assert found.optimal
    assert found.visited == 1
    # Eight slots are too many to look at all.
    wide: list[str | None] = ["bottom", "hat", "shoe", "top"] * 2
    least = sum(sum(sorted(PRICE[k::4])[:2]) for k in range(4))
    limit = Limit("price", PRICE, most=least + 0.01)
    found = OutfitComposer(model, tiny_data, budget=200).compose(
        "user1", wide, limits=[limit]
    )
    rows = tiny_data.items.rows(found.outfits[0].item_ids)
    assert PRICE[rows].sum() == pytest.approx(least)


def test_a_vector_for_a_user(
    composer: OutfitComposer, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    index = tiny_data.vocabulary.users.rows(["user4"]) + 1
    vector = np.asarray(model.encode_users(index))[0]
    by_id = composer.compose("user4", TRIPLE, 3)
    by_vector = composer.compose(vector, TRIPLE, 3)
    assert by_vector.outfits == by_id.outfits
    assert by_vector.user_id is None
    for bad in (2 * vector, vector[:3]):
        with pytest.raises(ValueError, match="unit vector of shape"):
            composer.compose(bad, TRIPLE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"template": ["hat", "sock"]}, "`template`.*'shoe'.*'sock'"),
        ({"must": ["none"]}, "`must`.*'none'"),
        ({"exclude_items": ["none"]}, "`exclude_items`.*'none'"),
        ({"must": ["item1", "item1"]}, "`must`.*'item1' twice"),
        (
            {"must": ["item1"], "exclude_items": ["item1"]},
            "`must` and `exclude_items`.*'item1'",
        ),
        ({"must": ["item2"]}, "`must`.*slot of `template`.*item2"),
        ({"must": ["item1", "item5"]}, "`must`.*slot of `template`"),
        (
            {"exclude_items": [f"item{i}" for i in range(1, 40, 4)]},
            "'hat', slot 2 of `template`.*none of 10",
        ),
        (
            {"limits": [Limit("stock", np.zeros(40), 1, of="each")]},
            "slot 1 of `template`",
        ),
        (
            {"limits": [Limit("price", np.ones(40), most=2)]},
            "sum of 'price' at most 2.* between 3 and 3",
        ),
        (
            {"limits": [Limit("price", np.ones(40), least=4)]},
            "sum of 'price' at least 4.* between 3 and 3",
        ),
        (
            {
                "must": ["item1"],
                "limits": [Limit("stock", np.zeros(40), 1, of="each")],
            },
            "`must`.*each of 'stock' at least 1.*'item1', of 0",
        ),
        (
            {"constraint": lambda outfits: np.zeros(len(outfits), bool)},
            "`constraint`.*none among all of 1,000",
        ),
        ({"template": ["hat", "hat"], "must": ["item1", "item3"]}, "`must`"),
    ],
)
def test_what_cannot_be(
    composer: OutfitComposer, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        composer.compose("user1", **({"template": TRIPLE} | arguments))


def test_nothing_new(composer: OutfitComposer, tiny_data: OutfitData) -> None:
    """All there is stands in the catalogue."""
    names = tiny_data.outfit_item_ids(1)
    template = [None] * len(names)
    with pytest.raises(DataError, match="new=True"):
        composer.compose("user1", template, must=names)
    found = composer.compose("user1", template, must=names, new=False)
    assert set(found.outfits[0].item_ids) == set(names)


def test_bad_arguments(
    composer: OutfitComposer, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    for arguments, message in (
        ({"k": 0}, "k=0"),
        ({"max_shared": -1}, "max_shared=-1"),
        ({"template": []}, "`template`"),
        ({"constraint": lambda outfits: True}, "`constraint`.*shape"),
        (
            {"constraint": lambda outfits: np.ones(len(outfits))},
            "`constraint`.*float64",
        ),
        ({"limits": [Limit("price", np.ones(3))]}, "'price'.*3 values"),
    ):
        with pytest.raises(ValueError, match=message):
            composer.compose("user1", **({"template": TRIPLE} | arguments))
    with pytest.raises(ValueError, match="exhaustive=-1"):
        OutfitComposer(model, tiny_data, exhaustive=-1)
    with pytest.raises(ValueError, match="budget=10"):
        OutfitComposer(model, tiny_data, budget=10)
    with pytest.raises(TypeError, match=r"`template`.*'hat'"):
        composer.compose("user1", "hat")
    found = composer.compose("user1", TRIPLE)
    with pytest.raises(ValueError, match="confidence=1"):
        found.better_share(1)
