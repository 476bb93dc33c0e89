from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fndrec import DataError
from fndrec.data import OutfitData, from_tables
from fndrec.evaluation import Candidates


def make(
    outfits: list[list[str]],
    likes: list[tuple[str, int]],
    categories: dict[str, str] | None = None,
    valid: list[tuple[str, int]] | None = None,
) -> OutfitData:
    ids = sorted({item for items in outfits for item in items})
    items: dict[str, Any] = {"item_id": ids}
    if categories is not None:
        items["category"] = [categories[item] for item in ids]

    def table(pairs: list[tuple[str, int]]) -> pa.Table:
        return pa.table(
            {
                "user_id": pa.array([u for u, _ in pairs], pa.string()),
                "outfit_id": pa.array([f"o{o}" for _, o in pairs], pa.string()),
            }
        )

    splits = {"train": table(likes)}
    if valid is not None:
        splits["valid"] = table(valid)
    return from_tables(
        pa.table(items),
        pa.table(
            {
                "outfit_id": [f"o{i}" for i in range(len(outfits))],
                "item_ids": outfits,
            }
        ),
        splits,
    )


def test_candidates(tiny_data: OutfitData) -> None:
    found = Candidates.from_data(tiny_data, "valid", negatives=5)
    likes = tiny_data.likes("valid")
    assert found.outfits.shape == (len(likes), 6, 4)
    assert found.blanks.shape == (len(likes), 4, 4)
    assert found.sampling == "catalogue"
    np.testing.assert_array_equal(found.user, likes.user)
    liked = tiny_data.outfit_items[likes.outfit]
    np.testing.assert_array_equal(found.outfits[:, 0], liked)
    np.testing.assert_array_equal(found.blanks[:, 0], liked)


def test_a_seed_gives_them_again(tiny_data: OutfitData) -> None:
    first, again = (
        Candidates.from_data(tiny_data, "valid", seed=4) for _ in range(2)
    )
    other = Candidates.from_data(tiny_data, "valid", seed=5)
    np.testing.assert_array_equal(first.outfits, again.outfits)
    np.testing.assert_array_equal(first.blanks, again.blanks)
    assert not np.array_equal(first.outfits, other.outfits)
    assert not np.array_equal(first.blanks, other.blanks)
    # Blanks do not depend on the number of negatives.
    few = Candidates.from_data(tiny_data, "valid", negatives=3, seed=4)
    np.testing.assert_array_equal(first.blanks, few.blanks)


@pytest.mark.parametrize("split", ["train", "valid"])
@pytest.mark.parametrize("seed", range(3))
def test_blanks_differ_in_one_slot(
    tiny_data: OutfitData, split: str, seed: int
) -> None:
    blanks = Candidates.from_data(tiny_data, split, seed=seed).blanks
    truth, wrong = blanks[:, :1], blanks[:, 1:]
    changed = wrong != truth
    assert (changed.sum(axis=-1) == 1).all()
    # The same slot in all choices, and not of the padding.
    slot = changed.argmax(axis=-1)
    assert (slot == slot[:, :1]).all()
    rows = np.arange(len(blanks))
    own = blanks[rows, 0, slot[:, 0]]
    assert (own >= 0).all()
    others = wrong[rows[:, None], np.arange(3), slot]
    assert (others >= 0).all()
    group = tiny_data.item_group
    assert (group[others] == group[own][:, None]).all()
    # Not one of the outfit's other items either.
    assert not (others[..., None] == truth).any()


def test_blanks_of_a_group_of_one() -> None:
    data = make(
        [["a", "x"], ["b", "x"], ["c", "x"]],
        [("u", 0), ("v", 1), ("u", 2)],
        {"a": "top", "b": "top", "c": "top", "x": "shoe"},
    )
    for seed in range(5):
        blanks = Candidates.from_data(
            data, "train", negatives=2, seed=seed
        ).blanks
        changed = blanks[:, 1:] != blanks[:, :1]
        assert (changed.sum(axis=-1) == 1).all()
        ordered = np.sort(blanks, axis=-1)
        assert (np.diff(ordered, axis=-1) > 0).all()


def test_no_other_item_at_all() -> None:
    data = make([["a", "b"]], [("u", 0)])
    with pytest.raises(DataError, match="all in one outfit"):
        Candidates.from_data(data, "train")


def shared_data() -> OutfitData:
    rng = np.random.default_rng(0)
    outfits = [[f"a{i}", f"b{(i * 3) % 12}"] for i in range(12)]
    chosen = [rng.permutation(12)[:7].tolist() for _ in range(8)]
    likes = [(f"u{user}", o) for user in range(8) for o in chosen[user][:5]]
    valid = [(f"u{user}", o) for user in range(8) for o in chosen[user][5:]]
    return make(outfits, likes, valid=valid)


def test_hard_negatives_are_no_known_likes() -> None:
    data = shared_data()
    assert data.shares_outfits
    found = Candidates.from_data(data, "valid", negatives=6)
    assert found.sampling == "hard"
    known = {
        (int(user), *data.outfit_items[outfit])
        for likes in data.splits.values()
        for user, outfit in zip(likes.user, likes.outfit, strict=True)
    }
    liked_in_valid = {
        tuple(data.outfit_items[o]) for o in data.likes("valid").outfit
    }
    for user, outfits in zip(found.user, found.outfits, strict=True):
        for outfit in outfits[1:]:
            assert (int(user), *outfit) not in known
            assert tuple(outfit) in liked_in_valid


def test_arguments(tiny_data: OutfitData) -> None:
    with pytest.raises(ValueError, match="negatives=0"):
        Candidates.from_data(tiny_data, "valid", negatives=0)
    with pytest.raises(ValueError, match="'easy'"):
        Candidates.from_data(tiny_data, "valid", negative_sampling="easy")
    with pytest.raises(DataError, match="'test'"):
        Candidates.from_data(tiny_data, "test")


def test_a_split_without_likes() -> None:
    data = make([["a"], ["b"]], [("u", 0)], valid=[])
    with pytest.raises(DataError, match="valid"):
        Candidates.from_data(data, "valid")


def test_negatives_of_valid_are_no_likes_of_any_split() -> None:
    """Else a model would be blamed for what the test proves right."""
    names = [f"o{i}" for i in range(8)]
    likes = {
        "train": {"user_id": ["a", "b", "c"], "outfit_id": ["o0", "o1", "o2"]},
        "valid": {
            "user_id": ["a", "b", "c", "c"],
            "outfit_id": ["o3", "o4", "o5", "o6"],
        },
        "test": {"user_id": ["a", "a", "b"], "outfit_id": ["o4", "o6", "o3"]},
    }
    data = from_tables(
        pa.table({"item_id": names}),
        pa.table({"outfit_id": names, "item_ids": [[name] for name in names]}),
        {split: pa.table(columns) for split, columns in likes.items()},
    )
    candidates = Candidates.from_data(data, "valid", 30, "hard")
    for user, outfits in zip(candidates.user, candidates.outfits, strict=True):
        own = {
            outfit
            for columns in likes.values()
            for name, outfit in zip(*columns.values(), strict=True)
            if name == data.users[int(user)]
        }
        drawn = {data.items[int(row)] for row in outfits[1:, 0]}
        assert not drawn & own
        # What valid holds, and is not the user's own, is drawn.
        assert drawn == {"o3", "o4", "o5", "o6"} - own
