"""Likes that come along as what their users are known by."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from fndrec.data import EraseItem, Likes, OutfitData
from fndrec.data.batching.history_sampler import HistorySampler

Batch = dict[str, Any]


@pytest.fixture(scope="module")
def shop(tiny_data: OutfitData) -> OutfitData:
    """Likes of outfits that differ in their items."""
    first = np.unique(tiny_data.outfit_items, axis=0, return_index=True)[1]
    splits = {
        split: Likes(
            *(
                x[np.isin(likes.outfit, first)]
                for x in (likes.user, likes.outfit)
            )
        )
        for split, likes in tiny_data.splits.items()
    }
    return replace(tiny_data, splits=splits)


def batches_of(data: OutfitData, split: str, **kwargs: Any) -> list[Batch]:
    arguments: dict[str, Any] = {"negatives": 2, "history": 4} | kwargs
    found = data.batches(split, 16, **arguments)
    return tf.nest.map_structure(lambda x: x.numpy(), list(found))


def row_of(data: OutfitData) -> dict[tuple[int, ...], int]:
    """The first outfit of the items."""
    found: dict[tuple[int, ...], int] = {}
    for row, items in enumerate(data.outfit_items):
        found.setdefault(tuple(items), row)
    return found


def liked_rows(data: OutfitData, batch: Batch) -> np.ndarray:
    """Rows of the outfits of the histories, -1 padding."""
    rows = batch["items"]["row"]
    sets = np.where(batch["liked"] >= 0, rows[batch["liked"]], -1)
    row = row_of(data)
    of_liked = np.array([row[tuple(items)] for items in sets] + [-1])
    return of_liked[batch["history"]]


def targets(data: OutfitData, batch: Batch) -> np.ndarray:
    rows = batch["items"]["row"]
    liked = batch["outfits"][:, 0]
    sets = np.where(liked >= 0, rows[liked], -1)
    row = row_of(data)
    return np.array([row[tuple(items)] for items in sets])


def likes_of(data: OutfitData, split: str) -> dict[int, set[int]]:
    likes = data.likes(split)
    index = data.user_index[likes.user]
    return {
        int(user): set(likes.outfit[index == user].tolist())
        for user in np.unique(index)
    }


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_history_is_of_the_user_and_leaves_the_target_out(
    shop: OutfitData, shuffle: bool
) -> None:
    own = likes_of(shop, "train")
    lengths = []
    for batch in batches_of(shop, "train", shuffle=shuffle):
        found = liked_rows(shop, batch)
        for user, target, rows in zip(
            batch["user"], targets(shop, batch), found, strict=True
        ):
            liked = rows[rows >= 0].tolist()
            assert set(liked) <= own[int(user)] - {int(target)}
            assert len(set(liked)) == len(liked)
            # Padding stands at the end.
            assert (rows[len(liked) :] < 0).all()
            lengths.append(len(liked))
    assert max(lengths) == 4
    if not shuffle:
        # Each has five likes and more: nothing is missing.
        assert min(lengths) == 4


def test_histories_of_another_split_are_of_train(
    shop: OutfitData,
) -> None:
    own = likes_of(shop, "train")
    for batch in batches_of(shop, "valid"):
        found = liked_rows(shop, batch)
        for user, rows in zip(batch["user"], found, strict=True):
            if user == 0:  # has liked nothing in train
                assert (rows == -1).all()
            else:
                assert set(rows.tolist()) <= own[int(user)]
                assert (rows >= 0).all()


def test_each_distinct_outfit_and_item_stands_once(
    shop: OutfitData,
) -> None:
    views = (EraseItem(), EraseItem())
    for batch in batches_of(shop, "train", views=views):
        liked = [tuple(items) for items in batch["liked"]]
        assert len(set(liked)) == len(liked)
        assert set(batch["history"][batch["history"] >= 0].tolist()) == set(
            range(len(liked))
        )
        rows = batch["items"]["row"]
        assert len(np.unique(rows)) == len(rows)
        assert batch["liked"].max() < len(rows)
        # What stands beside a like in its batch is encoded anyway.
        candidates = batch["outfits"][:, 0]
        assert set(np.unique(batch["liked"])) <= set(np.unique(candidates))


def test_an_epoch_has_each_like_once(shop: OutfitData) -> None:
    seen: dict[int, list[int]] = {}
    for batch in batches_of(shop, "train"):
        rows = targets(shop, batch)
        for user, row in zip(batch["user"], rows, strict=True):
            seen.setdefault(int(user), []).append(int(row))
    assert {user: set(rows) for user, rows in seen.items()} == likes_of(
        shop, "train"
    )
    assert sum(map(len, seen.values())) == len(shop.likes("train"))


def test_a_seed_reproduces_and_passes_differ(shop: OutfitData) -> None:
    def first(seed: int) -> Batch:
        return batches_of(shop, "train", seed=seed)[0]

    for key in ("history", "liked", "user"):
        np.testing.assert_array_equal(first(1)[key], first(1)[key])
    assert not np.array_equal(first(1)["user"], first(2)["user"])
    dataset = shop.batches("train", 16, history=4)
    one, two = (next(iter(dataset))["user"].numpy() for _ in range(2))
    assert not np.array_equal(one, two)


def test_groups_are_of_one_user_and_of_like_size() -> None:
    class Data:
        @staticmethod
        def likes(split: str) -> Any:
            class Likes:
                user = np.repeat([0, 1, 2], [1, 7, 12])
                outfit = np.arange(20)

            return Likes

    sampler = HistorySampler(Data, most=4)  # type: ignore[arg-type]
    users = Data.likes("train").user
    order = sampler.order(users, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(20))
    runs = np.split(users[order], np.flatnonzero(np.diff(users[order])) + 1)
    sizes: dict[int, int] = {}
    for run in runs:
        sizes[int(run[0])] = sizes.get(int(run[0]), 0) + len(run)
        # Groups of 1; 3 and 4; 4, 4 and 4, side by side or not.
        assert len(run) in ({0: {1}, 1: {3, 4, 7}, 2: {4, 8, 12}}[int(run[0])])
    assert sizes == {0: 1, 1: 7, 2: 12}


def test_groups_are_as_large_as_a_history_allows() -> None:
    class Data:
        @staticmethod
        def likes(split: str) -> Any:
            class Likes:
                user = np.repeat(np.arange(30), [10, 7, 1] * 10)
                outfit = np.arange(180)

            return Likes

    users = Data.likes("train").user
    sampler = HistorySampler(Data, most=4)  # type: ignore[arg-type]
    sizes: dict[int, set[int]] = {10: set(), 7: set(), 1: set()}
    for seed in range(5):
        of_runs = users[sampler.order(users, np.random.default_rng(seed))]
        starts = np.flatnonzero(np.diff(of_runs, prepend=-1))
        for start, size in zip(
            starts, np.diff([*starts, len(users)]), strict=True
        ):
            sizes[[10, 7, 1][of_runs[start] % 3]].add(int(size))
    # Groups of 5 and 5, of 4 and 3, of 1; two may meet by chance.
    assert sizes[10] - {10} == {5}
    assert sizes[7] - {7} == {3, 4}
    assert sizes[1] == {1}


@pytest.mark.parametrize("history", [0, -1, 1.5, True])
def test_bad_length(shop: OutfitData, history: Any) -> None:
    with pytest.raises(
        (TypeError, ValueError),
        match=f"`history` should be .*history={history}",
    ):
        shop.batches("train", history=history)


def test_without_histories_batches_are_as_before(
    shop: OutfitData,
) -> None:
    batch = next(iter(shop.batches("train", 16)))
    assert not {"history", "liked"} & set(batch)


def test_histories_of_a_batch_have_all_lengths_alike() -> None:
    """Five outfits beside each like: lengths 1 to 5, a fifth of each."""

    class Data:
        @staticmethod
        def likes(split: str) -> Any:
            class Likes:
                user = np.zeros(6, int)
                outfit = np.arange(6)

            return Likes

    sampler = HistorySampler(Data, most=5)  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    users, outfits = np.zeros(6, int), np.arange(6)
    rows = np.concatenate(
        [sampler.from_batch(users, outfits, rng) for _ in range(500)]
    )
    lengths = (rows >= 0).sum(axis=1)
    share = np.bincount(lengths, minlength=6) / len(lengths)
    np.testing.assert_allclose(share, [0, *[0.2] * 5], atol=0.03)
    # Histories from train are whole.
    whole = sampler.from_train(users, outfits, rng)
    assert ((whole >= 0).sum(axis=1) == 5).all()
