"""A data set in numbers, counted by hand."""

import json

import pyarrow as pa

from fndrec.data import DataSummary, OutfitData, from_tables
from fndrec.data.summary import SplitSummary, Spread


def shop() -> OutfitData:
    def likes(*pairs: str) -> pa.Table:
        return pa.table(
            {
                "user_id": [pair[0] for pair in pairs],
                "outfit_id": [pair[1] for pair in pairs],
            }
        )

    return from_tables(
        pa.table(
            {
                "item_id": list("abcdef"),
                "category": ["top", "top", "shoe", "shoe", "shoe", "hat"],
                "feature": [[0.0, 1.0]] * 6,
            }
        ),
        pa.table(
            {
                "outfit_id": list("1234"),
                "item_ids": [list("ac"), list("bc"), list("abd"), list("e")],
            }
        ),
        {
            "train": likes("x1", "x2", "y1"),
            "valid": likes("x3", "z3", "z1"),
        },
    )


def test_numbers() -> None:
    summary = DataSummary.from_data(shop())
    assert (summary.users, summary.items, summary.outfits) == (3, 6, 4)
    assert summary.splits["train"] == SplitSummary(
        likes=3,
        users=2,
        outfits=2,
        items=3,
        cold_users=0,
        cold_outfits=0,
        cold_items=0,
        likes_a_user=Spread(1, 1.5, 1.5, 2),
    )
    # z is new; outfit 3 is new; of a, b, c, d item d is.
    assert summary.splits["valid"] == SplitSummary(
        likes=3,
        users=2,
        outfits=2,
        items=4,
        cold_users=1,
        cold_outfits=1,
        cold_items=1,
        likes_a_user=Spread(1, 1.5, 1.5, 2),
    )
    assert summary.lengths == {1: 1, 2: 2, 3: 1}
    # a in 1, 3; b in 2, 3; c in 1, 2; d in 3; e in 4; f in none.
    assert summary.outfits_an_item == Spread(1, 2, 1.6, 2)
    assert summary.unused_items == 1
    # 1 by x, y, z; 2 by x; 3 by x, z; 4 by no one.
    assert summary.users_an_outfit == Spread(1, 2, 2, 3)
    assert summary.unliked_outfits == 1
    assert summary.categories == {"shoe": 3, "top": 2, "hat": 1}
    assert summary.groups == 3
    assert summary.features == 2
    assert not summary.photos
    assert json.loads(json.dumps(summary.to_dict()))["users"] == 3


def test_text() -> None:
    text = str(DataSummary.from_data(shop()))
    assert text.startswith("in memory: 3 users, 6 items, 4 outfits\n")
    for line in [
        "                     train       valid",
        "cold users               0     1 (50%)",
        "cold items               0     1 (25%)",
        "likes per user, valid: 1 to 2, median 1.5, mean 1.5",
        "outfits by number of items: 1: 1 (25%), 2: 2 (50%), 3: 1 (25%)",
        "outfits per item: 1 to 2, median 2, mean 1.6; 1 item in no outfit",
        "users per outfit: 1 to 3, median 2, mean 2.0; 1 outfit without a like",
        "categories: 3: shoe 3, top 2, hat 1",
        "photos: none; features: 2 per item; groups of items: 3",
    ]:
        assert line in text.splitlines(), line
