from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fndrec.data import NegativeSampler, OutfitData, from_tables
from fndrec.data.batching.negative_sampler import (
    _counts,
    _mixture,
    _unusable,
)
from fndrec.errors import DataError

RECOMBINED = ("recombined", "catalogue")
each_recombined = pytest.mark.parametrize("kind", RECOMBINED)


def make(
    outfits: list[list[int]],
    groups: list[int],
    likes: list[tuple[int, int]] | None = None,
    valid: list[tuple[int, int]] | None = None,
) -> OutfitData:
    """A shop from rows; by default each outfit is liked by one user."""
    if likes is None:
        likes = [(row, row) for row in range(len(outfits))]

    def table(pairs: list[tuple[int, int]]) -> pa.Table:
        return pa.table(
            {
                "user_id": [str(user) for user, _ in pairs],
                "outfit_id": [str(outfit) for _, outfit in pairs],
            }
        )

    splits = {"train": table(likes)}
    if valid is not None:
        splits["valid"] = table(valid)
    return from_tables(
        pa.table(
            {
                "item_id": [str(item) for item in range(len(groups))],
                "group": [str(group) for group in groups],
            }
        ),
        pa.table(
            {
                "outfit_id": [str(row) for row in range(len(outfits))],
                "item_ids": [[str(i) for i in items] for items in outfits],
            }
        ),
        splits,
    )


def sample(
    data: OutfitData,
    sampling: Any,
    negatives: int = 6,
    seed: int = 0,
    batch: int | None = None,
    split: str = "train",
) -> tuple[np.ndarray, np.ndarray]:
    """Items of the liked outfits and of their negatives."""
    likes = data.likes(split)
    users, outfits = likes.user[:batch], likes.outfit[:batch]
    sampler = NegativeSampler(data, split, sampling)
    rng = np.random.default_rng(seed)
    found = sampler(users, outfits, negatives, rng)
    assert found.dtype == np.int32
    assert found.shape == (len(users), negatives, data.num_slots)
    return data.outfit_items[outfits], found


def items_of(outfit: np.ndarray) -> frozenset[int]:
    return frozenset(outfit[outfit >= 0].tolist())


def check_recombined(
    data: OutfitData, liked: np.ndarray, negatives: np.ndarray
) -> None:
    """A new set of the same form, with nothing twice."""
    for like, rows in zip(liked, negatives, strict=True):
        for negative in rows:
            np.testing.assert_array_equal(negative >= 0, like >= 0)
            assert items_of(negative) != items_of(like)
            assert len(items_of(negative)) == np.sum(like >= 0)


def check_groups(
    data: OutfitData, liked: np.ndarray, negatives: np.ndarray
) -> None:
    """An item of the same group slot by slot."""
    present = np.broadcast_to(liked[:, None] >= 0, negatives.shape)
    wanted = np.broadcast_to(data.item_group[liked][:, None], negatives.shape)
    np.testing.assert_array_equal(
        data.item_group[negatives[present]], wanted[present]
    )


@st.composite
def shops(draw: Any) -> OutfitData:
    """Few items, so that what is rare in a real shop is frequent."""
    num_items = draw(st.integers(2, 7))
    groups = draw(
        st.lists(st.integers(0, 2), min_size=num_items, max_size=num_items)
    )
    outfit = st.lists(
        st.integers(0, num_items - 1),
        min_size=1,
        max_size=min(4, num_items - 1),
        unique=True,
    )
    outfits = draw(st.lists(outfit, min_size=1, max_size=5))
    pairs = st.tuples(st.integers(0, 3), st.integers(0, len(outfits) - 1))
    likes = draw(st.lists(pairs, min_size=1, max_size=6, unique=True))
    return make(outfits, groups, likes)


@each_recombined
@settings(max_examples=80, deadline=None)
@given(data=shops(), seed=st.integers(0, 3))
def test_never_the_like_nor_an_item_twice(
    kind: str, data: OutfitData, seed: int
) -> None:
    liked, negatives = sample(data, kind, 5, seed)
    check_recombined(data, liked, negatives)
    # Of its group wherever all groups have more items than outfits take.
    groups, counts = np.unique(data.item_group, return_counts=True)
    spare = set(groups[counts > data.num_slots])
    if spare == set(groups):
        check_groups(data, liked, negatives)


@each_recombined
@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(5, 8), min_size=1, max_size=3),
    seed=st.integers(0, 3),
    random=st.randoms(use_true_random=False),
)
def test_keeps_the_groups(
    kind: str, sizes: list[int], seed: int, random: Any
) -> None:
    groups = [g for g, size in enumerate(sizes) for _ in range(size)]
    outfits = [
        random.sample(range(len(groups)), random.randint(1, 4))
        for _ in range(5)
    ]
    data = make(outfits, groups)
    liked, negatives = sample(data, kind, 5, seed)
    check_recombined(data, liked, negatives)
    check_groups(data, liked, negatives)


@each_recombined
def test_tiny_shop(kind: str, tiny_data: OutfitData) -> None:
    for split in ("train", "valid"):
        liked, negatives = sample(tiny_data, kind, split=split)
        check_recombined(tiny_data, liked, negatives)
        check_groups(tiny_data, liked, negatives)


def test_recombined_takes_items_of_the_batch(tiny_data: OutfitData) -> None:
    # 200 likes of pairs of 100 tops and 100 shoes, of which 32 in the batch.
    rng = np.random.default_rng(0)
    outfits = np.stack(
        [rng.integers(0, 100, 200), rng.integers(100, 200, 200)], axis=1
    )
    data = make(outfits.tolist(), [0] * 100 + [1] * 100)
    liked, negatives = sample(data, "recombined", 10, batch=32)
    check_groups(data, liked, negatives)
    own, drawn = np.unique(liked), np.unique(negatives)
    # Nearly none is added, and nearly all are used.
    assert len(np.setdiff1d(drawn, own)) <= 2
    assert len(np.intersect1d(drawn, own)) >= 0.95 * len(own)
    _, others = sample(data, "catalogue", 10, batch=32)
    assert len(np.setdiff1d(others, own)) > 40


def test_recombined_takes_items_of_another_like() -> None:
    outfits = [[i, 10 + i] for i in range(10)]
    data = make(outfits, [0] * 10 + [1] * 10)
    liked, negatives = sample(data, "recombined", 50)
    own = np.any(negatives == liked[:, None], axis=-1)
    # Only after eight draws in a row of the like's own: never, in effect.
    assert own.mean() < 0.01


def test_recombined_draws_from_all_other_likes_alike() -> None:
    data = make([[i] for i in range(5)], [0] * 5)
    _, negatives = sample(data, "recombined", 4000)
    for like, drawn in enumerate(negatives[:, :, 0]):
        shares = np.bincount(drawn, minlength=5) / 4000
        expected = np.where(np.arange(5) == like, 0, 0.25)
        np.testing.assert_allclose(shares, expected, atol=0.03)


def test_an_empty_slot_is_no_repeated_item() -> None:
    liked = np.array([[0, 1, -1, -1]])
    for outfit, unusable in (
        ([2, 3, -1, -1], False),
        ([3, -1, -1, 2], False),
        ([2, 2, -1, -1], True),
        ([1, 0, -1, -1], True),
    ):
        assert _unusable(np.array([outfit]), liked).tolist() == [unusable]


def test_the_larger_share_gets_the_only_negative() -> None:
    assert _counts({"recombined": 0.3, "hard": 0.7}, 1) == [("hard", 1)]
    assert _counts({"recombined": 0.7, "hard": 0.3}, 1) == [("recombined", 1)]


def test_wrong_items_are_drawn_alike() -> None:
    data = make([[i, 20 + i] for i in range(20)], [0] * 20 + [1] * 20)
    sampler = NegativeSampler(data, "train", "catalogue")
    # Item 2 is the right one. Item 4 is in the outfit, too.
    liked = np.repeat([[2, 4, 22]], 4000, axis=0)
    wrong = sampler.wrong_items(
        liked, np.zeros(4000, int), 2, np.random.default_rng(0)
    )
    assert wrong.shape == (4000, 2)
    assert (wrong[:, 0] != wrong[:, 1]).all()
    shares = np.bincount(wrong.ravel(), minlength=40) / wrong.size
    drawn = np.setdiff1d(np.arange(20), [2, 4])
    expected = np.isin(np.arange(40), drawn) / len(drawn)
    np.testing.assert_allclose(shares, expected, atol=0.015)


def test_catalogue_draws_what_is_liked_each_alike() -> None:
    # Item 1 stands in 6 likes, item 2 in 3, item 3 in 1, item 4 in none.
    outfits = [[0], [1], [2], [3], [4]]
    counts = [1, 6, 3, 1]
    likes = [
        (user, outfit)
        for outfit, count in enumerate(counts)
        for user in range(count)
    ]
    data = make(outfits, [0] * 5, likes)
    sampler = NegativeSampler(data, "train", "catalogue")
    found = sampler(
        np.zeros(1, int), np.zeros(1, int), 4000, np.random.default_rng(0)
    )
    shares = np.bincount(found.ravel(), minlength=5) / 4000
    # Never the like itself, nor what no like has.
    np.testing.assert_allclose(shares, [0, 1 / 3, 1 / 3, 1 / 3, 0], atol=0.03)


@each_recombined
def test_one_item_of_a_category(kind: str) -> None:
    # Item 0 alone in its group: it stays, the other slot changes.
    data = make([[0, 1], [0, 2], [0, 3]], [0, 1, 1, 1])
    liked, negatives = sample(data, kind, 8)
    check_recombined(data, liked, negatives)
    check_groups(data, liked, negatives)
    assert np.all(negatives[..., 0] == 0)


@each_recombined
def test_one_item_of_every_category(kind: str) -> None:
    # No other set of these groups: an item of any group takes one place.
    data = make([[0, 1], [2]], [0, 1, 2])
    liked, negatives = sample(data, kind, 20)
    check_recombined(data, liked, negatives)
    assert {items_of(row) for row in negatives[0]} == {
        frozenset({0, 2}),
        frozenset({1, 2}),
    }
    assert {items_of(row) for row in negatives[1]} <= {
        frozenset({0}),
        frozenset({1}),
    }


@each_recombined
def test_a_rare_item_of_the_group_before_any_other(kind: str) -> None:
    # 199 likes of item 0; item 1 of its group is hardly ever drawn.
    outfits = [[0], [1], [2]]
    likes = [(user, 0) for user in range(199)] + [(0, 1), (0, 2)]
    data = make(outfits, [0, 0, 1], likes)
    liked, negatives = sample(data, kind, 2)
    check_recombined(data, liked, negatives)
    same_group = liked[:, 0] < 2
    assert np.all(negatives[same_group] < 2)


@each_recombined
def test_the_slot_whose_group_has_a_rare_item_is_the_one_to_change(
    kind: str,
) -> None:
    # Item 0 is alone in its group, item 2 of the other is hardly ever drawn.
    outfits = [[0, 1], [2], [3]]
    likes = [(user, 0) for user in range(199)] + [(0, 1), (0, 2)]
    data = make(outfits, [0, 1, 1, 2], likes)
    _, negatives = sample(data, kind, 2)
    assert np.all(negatives[:199] == [0, 2])


def test_recombined_of_a_group_with_one_like_in_the_batch() -> None:
    # Of the batch's two likes only the first has a hat: item 2, 3 or 4.
    data = make(
        [[0, 2], [1, 5], [3, 6], [4, 6]], [0, 0, 1, 1, 1, 2, 2], likes=None
    )
    _, negatives = sample(data, "recombined", 60, batch=2)
    assert set(negatives[0, :, 0]) == {1}
    assert set(negatives[0, :, 1]) == {2, 3, 4}


@each_recombined
def test_a_batch_of_one_like(kind: str, tiny_data: OutfitData) -> None:
    liked, negatives = sample(tiny_data, kind, 8, batch=1)
    check_recombined(tiny_data, liked, negatives)
    check_groups(tiny_data, liked, negatives)
    assert len({items_of(row) for row in negatives[0]}) > 1


@each_recombined
def test_a_batch_of_one_outfit(kind: str) -> None:
    # Several users, but nothing to exchange within the batch.
    likes = [(user, 0) for user in range(4)] + [(9, 1)]
    data = make([[0, 1], [2, 3]], [0, 1, 0, 1], likes)
    liked, negatives = sample(data, kind, 8, batch=4)
    check_recombined(data, liked, negatives)
    check_groups(data, liked, negatives)


@each_recombined
def test_no_item_but_those_of_the_outfit(kind: str) -> None:
    data = make([[0, 1]], [0, 0])
    with pytest.raises(
        DataError, match=r"an item that is not in the liked outfit.* 2 items"
    ):
        sample(data, kind)


def known_sets(
    data: OutfitData, *splits: str
) -> set[tuple[int, frozenset[int]]]:
    return {
        (user, items_of(data.outfit_items[outfit]))
        for split in splits
        for user, outfit in zip(
            data.likes(split).user, data.likes(split).outfit, strict=True
        )
    }


def test_hard_negatives_are_real_and_not_liked(tiny_data: OutfitData) -> None:
    for split, known in (("train", ["train"]), ("valid", ["train", "valid"])):
        likes = tiny_data.likes(split)
        _, negatives = sample(tiny_data, "hard", 8, split=split)
        outfits = tiny_data.outfit_items[likes.outfit]
        real = {tuple(outfit) for outfit in outfits}
        liked = known_sets(tiny_data, *known)
        for user, rows in zip(likes.user, negatives, strict=True):
            for negative in rows:
                assert tuple(negative) in real
                assert (user, items_of(negative)) not in liked


def test_hard_negatives_are_uniform_over_outfits() -> None:
    # Outfit 1 has five likes and outfit 2 one: still each half the time.
    likes = [(0, 0), *((user, 1) for user in range(1, 6)), (1, 2)]
    data = make([[0], [1], [2]], [0, 0, 0], likes)
    sampler = NegativeSampler(data, "train", "hard")
    rng = np.random.default_rng(0)
    found = sampler(np.zeros(1, int), np.zeros(1, int), 1000, rng)
    assert set(np.unique(found)) == {1, 2}
    assert abs(np.mean(found == 1) - 0.5) < 0.06


def test_hard_negatives_know_copies_of_an_outfit() -> None:
    # Outfit 1 is outfit 0 in another order: user 0 likes both in effect.
    data = make([[0, 1], [1, 0], [0, 2]], [0, 0, 0], [(0, 0), (1, 1), (2, 2)])
    _, negatives = sample(data, "hard", 10)
    assert {tuple(row) for row in negatives[0]} == {(0, 2)}
    assert {tuple(row) for row in negatives[1]} == {(0, 2)}


def test_hard_negatives_respect_the_known_splits() -> None:
    data = make(
        [[0], [1], [2], [3]],
        [0] * 4,
        likes=[(0, 0), (0, 1), (1, 0), (1, 2)],
        valid=[(0, 2), (1, 3), (2, 1)],
    )
    users = data.users.rows(["0"])
    rng = np.random.default_rng(0)

    def drawn(known: tuple[str, ...]) -> set[str]:
        sampler = NegativeSampler(data, "valid", "hard", known=known)
        outfits = data.outfits.rows(["2"])
        found = sampler(users, outfits, 40, rng)
        return set(data.items.take(found[..., 0].ravel()))

    # Outfits of valid other than the like; "test" does not exist here.
    assert drawn(()) == {"1", "3"}
    assert drawn(("train", "test")) == {"3"}


def test_nothing_left_for_a_hard_negative() -> None:
    data = make([[0], [1]], [0, 0], [(0, 0), (0, 1), (1, 0)])
    with pytest.raises(
        DataError,
        match=r"outfits that others liked.*a user, row 0, who liked "
        r"\(almost\) all of the 2 liked outfits",
    ):
        sample(data, "hard")


def test_mixture_counts(tiny_data: OutfitData) -> None:
    real = {tuple(outfit) for outfit in tiny_data.outfit_items}

    def hard(sampling: dict[str, float], negatives: int) -> int:
        _, found = sample(tiny_data, sampling, negatives, batch=20)
        # Outfits of four items are hardly met by chance.
        real_ones = [tuple(row) in real for row in found[3]]
        assert real_ones == sorted(real_ones)
        return sum(real_ones)

    assert hard({"recombined": 0.5, "hard": 0.5}, 10) == 5
    assert hard({"recombined": 3, "catalogue": 3, "hard": 2}, 8) == 2
    assert hard({"recombined": 0.9, "hard": 0.1}, 4) == 0
    assert hard({"recombined": 1, "hard": 99}, 3) == 3


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["recombined", "catalogue", "hard"]),
        st.floats(0.001, 100),
        min_size=1,
    ),
    st.integers(0, 30),
)
def test_counts_are_exact_in_sum(
    shares: dict[str, float], negatives: int
) -> None:
    counts = dict(_counts(_mixture(shares), negatives))
    assert sum(counts.values()) == negatives
    total = sum(shares.values())
    for kind, share in shares.items():
        assert abs(counts.get(kind, 0) - negatives * share / total) < 1.001


@pytest.mark.parametrize(
    "sampling",
    ["recombined", "catalogue", "hard", {"recombined": 1, "hard": 1}],
    ids=str,
)
def test_determined_by_the_generator(
    sampling: Any, tiny_data: OutfitData
) -> None:
    _, first = sample(tiny_data, sampling, seed=3)
    _, again = sample(tiny_data, sampling, seed=3)
    np.testing.assert_array_equal(first, again)
    _, other = sample(tiny_data, sampling, seed=4)
    assert np.any(first != other)


@pytest.mark.parametrize("sampling", ["recombined", "catalogue", "hard"])
def test_no_negatives_and_no_likes(
    sampling: str, tiny_data: OutfitData
) -> None:
    sample(tiny_data, sampling, negatives=0)
    sample(tiny_data, sampling, batch=0)


@pytest.mark.parametrize(
    "sampling", ["random", {}, {"hard": 0}, {"hard": -1}, {"hardest": 1}]
)
def test_bad_sampling(sampling: Any, tiny_data: OutfitData) -> None:
    with pytest.raises(
        ValueError, match=r"`negative_sampling` should be one of .*Received:"
    ):
        NegativeSampler(tiny_data, "train", sampling)


def test_unknown_split(tiny_data: OutfitData) -> None:
    with pytest.raises(DataError, match=r"'train', 'valid'.*split='dev'"):
        NegativeSampler(tiny_data, "dev")
