import numpy as np
import pyarrow as pa
import pytest

from fndrec.data import OutfitData, from_tables
from fndrec.evaluation import baselines
from fndrec.evaluation.baselines import (
    PRIOR,
    CategoryFrequency,
    CoOccurrence,
    ItemPopularity,
    OutfitPopularity,
    default_baselines,
)


@pytest.fixture(scope="module")
def data() -> OutfitData:
    """Two tops (red, blue), two shoes (low, high), three splits."""
    likes = {
        "user_id": ["ann", "ann", "bob", "bob"],
        "outfit_id": ["o0", "o1", "o2", "o1"],
    }
    return from_tables(
        pa.table(
            {
                "item_id": ["t1", "t2", "s1", "s2"],
                "category": ["red", "blue", "low", "high"],
                "group": ["top", "top", "shoe", "shoe"],
            }
        ),
        pa.table(
            {
                "outfit_id": ["o0", "o1", "o2", "o3"],
                "item_ids": ["t1;s1", "t1", "t2;s1", "t2;s2"],
            }
        ),
        {
            "train": pa.table(likes),
            # Of other outfits: a count that looked at them would differ.
            "valid": pa.table(
                {"user_id": ["ann", "bob"], "outfit_id": ["o3", "o3"]}
            ),
            "test": pa.table(
                {"user_id": ["ann", "bob"], "outfit_id": ["o2", "o0"]}
            ),
        },
    )


USERS = np.array([0, 1])
OUTFITS = np.array([[[0, 2], [0, -1], [3, 1]], [[2, 0], [1, 2], [3, -1]]])


def test_item_popularity(data: OutfitData) -> None:
    # t1 is liked 3 times, s1 2 times, t2 once, s2 never.
    t1, t2, s1, s2 = np.log1p([3, 1, 2, 0])
    np.testing.assert_allclose(
        ItemPopularity(data).score(USERS, OUTFITS),
        [
            [(t1 + s1) / 2, t1, (t2 + s2) / 2],
            [(t1 + s1) / 2, (t2 + s1) / 2, s2],
        ],
    )


def test_outfit_popularity(data: OutfitData) -> None:
    # The order of the items does not matter.
    np.testing.assert_array_equal(
        OutfitPopularity(data).score(USERS, OUTFITS), [[1, 2, 0], [1, 1, 0]]
    )


def test_category_frequency(data: OutfitData) -> None:
    # Of tops ann likes 2 red, bob 1 red and 1 blue; of shoes both 1 low.
    share = {"red": 3 / 4, "blue": 1 / 4}
    lift = {
        ("ann", "red"): (2 + PRIOR * share["red"]) / (2 + PRIOR) / share["red"],
        ("ann", "blue"): PRIOR / (2 + PRIOR),
        ("bob", "red"): (1 + PRIOR * share["red"]) / (2 + PRIOR) / share["red"],
        ("bob", "blue"): (1 + PRIOR * share["blue"])
        / (2 + PRIOR)
        / share["blue"],
        ("low",): 1.0,
        # Never liked by anyone.
        ("high",): PRIOR / (1 + PRIOR),
    }
    log = {key: np.log(value) for key, value in lift.items()}
    np.testing.assert_allclose(
        CategoryFrequency(data).score(USERS, OUTFITS),
        [
            [
                (log["ann", "red"] + log[("low",)]) / 2,
                log["ann", "red"],
                (log["ann", "blue"] + log[("high",)]) / 2,
            ],
            [
                (log["bob", "red"] + log[("low",)]) / 2,
                (log["bob", "blue"] + log[("low",)]) / 2,
                log[("high",)],
            ],
        ],
        atol=1e-6,
    )


def test_which_make_sense(data: OutfitData, tiny_data: OutfitData) -> None:
    def names(data: OutfitData) -> list[str]:
        return [baseline.name for baseline in default_baselines(data)]

    assert names(tiny_data) == ["item popularity", "category frequency"]
    shared = from_tables(
        pa.table({"item_id": ["a", "b"]}),
        pa.table({"outfit_id": ["o"], "item_ids": ["a;b"]}),
        {
            "train": pa.table(
                {"user_id": ["u", "v", "w"], "outfit_id": ["o"] * 3}
            )
        },
    )
    assert names(shared) == [
        "item popularity",
        "outfit popularity",
        "co-occurrence",
    ]


@pytest.mark.parametrize("at_once", [2, 256])
def test_co_occurrence_is_that_of_a_loop(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(baselines, "AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    likes = [(u, o) for u in range(7) for o in range(6) if rng.random() < 0.4]
    valid = [(u, o) for u in range(7) for o in range(6) if (u, o) not in likes]

    def table(pairs: list[tuple[int, int]]) -> pa.Table:
        return pa.table(
            {
                "user_id": [f"u{u}" for u, _ in pairs],
                "outfit_id": [f"o{o}" for _, o in pairs],
            }
        )

    # The last two outfits have the same items, in another order.
    items = ["a;b", "b;c", "c", "d", "a;d", "d;a"]
    data = from_tables(
        pa.table({"item_id": [*"abcd"]}),
        pa.table({"outfit_id": [f"o{o}" for o in range(6)], "item_ids": items}),
        {"train": table(likes), "valid": table(valid)},
    )
    item_set = [0, 1, 2, 3, 4, 4]
    liked = {(u, item_set[o]) for u, o in likes}
    expected = np.array(
        [
            [
                sum(
                    (user, own) in liked
                    and (other, own) in liked
                    and (other, item_set[outfit]) in liked
                    for own in range(5)
                    for other in range(7)
                    if other != user
                )
                for outfit in range(6)
            ]
            for user in range(7)
        ]
    )
    # Rows of the data set are in the order of the ids.
    scorer = CoOccurrence(data)
    users = np.array([3, 0, 3, 6, 5])
    rows = [int(data.users[user][1:]) for user in users]
    outfits = [int(data.outfits[o][1:]) for o in range(6)]
    found = scorer.score_all(np.unique(users))
    whole = expected[[int(data.users[u][1:]) for u in np.unique(users)]]
    np.testing.assert_array_equal(found, whole[:, outfits])
    candidates = np.repeat(data.outfit_items[None], len(users), axis=0)
    np.testing.assert_array_equal(
        scorer.score(users, candidates), expected[rows][:, outfits]
    )
    # No like has these items.
    assert not scorer.score(users[:1], np.array([[[0, 2]]])).any()
