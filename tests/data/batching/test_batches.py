from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fndrec.data import (
    EraseItem,
    ModelVocabulary,
    OutfitData,
    ReplaceItem,
    Vocabulary,
    similar_items,
)
from fndrec.data.batching.batches import distinct_items
from fndrec.errors import DataError

Batch = dict[str, Any]


def numpy_batches(dataset: Iterable[Batch]) -> list[Batch]:
    return tf.nest.map_structure(lambda x: x.numpy(), list(dataset))


def assert_equal(first: Any, second: Any) -> None:
    tf.nest.map_structure(np.testing.assert_array_equal, first, second)


def differ(first: Any, second: Any) -> bool:
    pairs = zip(tf.nest.flatten(first), tf.nest.flatten(second), strict=True)
    return any(not np.array_equal(a, b) for a, b in pairs)


def catalogue_rows(batch: Batch, key: str = "outfits") -> np.ndarray:
    """Positions on the item axis back to rows of the catalogue."""
    rows = batch["items"]["row"]
    return np.where(batch[key] >= 0, rows[batch[key]], -1)


def two_views(data: OutfitData) -> tuple[Any, Any]:
    assert data.item_category is not None
    table = similar_items(data.item_category, k=4)
    return EraseItem(), ReplaceItem(table)


def test_shapes_and_types(tiny_photo_data: OutfitData) -> None:
    data = tiny_photo_data
    ds = data.batches("train", 8, negatives=3, views=two_views(data))
    spec = ds.element_spec
    expected = {
        "user": ((None,), "int32"),
        "outfits": ((None, 4, 4), "int32"),
        "views": ((None, 2, 4), "int32"),
    }
    items = {
        "row": ((None,), "int32"),
        "id": ((None,), "int32"),
        "category": ((None,), "int32"),
        "feature": ((None, 6), "float32"),
        "image": ((None, 16, 16, 3), "uint8"),
    }
    assert set(spec) == {*expected, "items"}
    assert set(spec["items"]) == set(items)
    batch = numpy_batches(ds.take(1))[0]
    count = len(batch["items"]["row"])
    for found, array, wanted, rows in (
        (spec, batch, expected, 8),
        (spec["items"], batch["items"], items, count),
    ):
        for key, (shape, dtype) in wanted.items():
            assert tuple(found[key].shape) == shape, key
            assert found[key].dtype == dtype, key
            assert array[key].shape == (rows, *shape[1:]), key
            assert array[key].dtype == dtype, key


def test_only_what_the_data_has(tiny_data: OutfitData) -> None:
    spec = tiny_data.batches("train", 8).element_spec
    assert set(spec) == {"user", "outfits", "items"}
    assert set(spec["items"]) == {"row", "id", "category", "feature"}
    known = tiny_data.vocabulary
    stranger = tiny_data.with_vocabulary(
        ModelVocabulary(known.users, known.items, None)
    )
    spec = stranger.batches("train", 8).element_spec
    assert "category" not in spec["items"]


@pytest.mark.parametrize("split", ["train", "valid"])
def test_column_0_is_the_liked_outfit(
    split: str, tiny_data: OutfitData
) -> None:
    data = tiny_data
    found = []
    for batch in numpy_batches(data.batches(split, 8, shuffle=False)):
        liked = catalogue_rows(batch)[:, 0]
        found += [
            (user, *outfit)
            for user, outfit in zip(batch["user"], liked, strict=True)
        ]
        negatives = np.sort(catalogue_rows(batch)[:, 1:], axis=-1)
        same = np.all(negatives == np.sort(liked)[:, None], axis=-1)
        assert not np.any(same)
    likes = data.likes(split)
    expected = np.column_stack(
        [data.user_index[likes.user], data.outfit_items[likes.outfit]]
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("batch_size", [7, 20, 10_000])
def test_every_like_once_an_epoch(
    batch_size: int, tiny_data: OutfitData
) -> None:
    ds = tiny_data.batches("train", batch_size, negatives=1)
    likes = tiny_data.likes("train")
    found = numpy_batches(ds)
    steps = -(-len(likes) // batch_size)
    assert ds.cardinality().numpy() == len(ds) == len(found) == steps
    sizes = [len(batch["user"]) for batch in found]
    assert sizes[:-1] == [batch_size] * (steps - 1)
    assert sum(sizes) == len(likes)
    pairs = sorted(
        (user, *outfit)
        for batch in found
        for user, outfit in zip(
            batch["user"], catalogue_rows(batch)[:, 0], strict=True
        )
    )
    expected = np.column_stack(
        [
            tiny_data.user_index[likes.user],
            tiny_data.outfit_items[likes.outfit],
        ]
    )
    assert pairs == sorted(map(tuple, expected.tolist()))


def test_each_distinct_item_once(tiny_data: OutfitData) -> None:
    ds = tiny_data.batches("train", 8, views=two_views(tiny_data))
    for batch in numpy_batches(ds):
        rows = batch["items"]["row"]
        assert np.all(np.diff(rows) > 0)
        used = np.union1d(batch["outfits"], batch["views"])
        # No item that nothing refers to, no position without an item.
        assert used.tolist() == [-1, *range(len(rows))]


def test_content_is_that_of_the_items(tiny_photo_data: OutfitData) -> None:
    data = tiny_photo_data
    assert data.category_index is not None
    assert data.features is not None
    assert data.photo_root is not None
    for split in ("train", "valid"):
        for batch in numpy_batches(data.batches(split, 16)):
            items = batch["items"]
            rows = items["row"]
            names = data.items.take(rows)
            for name, image, category, index in zip(
                names,
                items["image"],
                items["category"],
                items["id"],
                strict=True,
            ):
                row = int(name.removeprefix("item"))
                photo = Image.open(data.photo_root / f"{row}.png")
                np.testing.assert_array_equal(image, photo)
                # Categories are sorted by name, as in the fixture.
                assert category == row % 4 + 1
                known = data.vocabulary.items.to_list()
                assert index == (known.index(name) + 1 if name in known else 0)
            np.testing.assert_array_equal(items["feature"], data.features[rows])


def test_cold_users_and_items_are_0(tiny_data: OutfitData) -> None:
    train = numpy_batches(tiny_data.batches("train", 100, negatives=0))
    valid = numpy_batches(tiny_data.batches("valid", 100, negatives=0))
    assert all(np.all(batch["user"] > 0) for batch in train)
    assert all(np.all(batch["items"]["id"] > 0) for batch in train)
    assert any(np.any(batch["user"] == 0) for batch in valid)
    assert any(np.any(batch["items"]["id"] == 0) for batch in valid)


def test_as_another_model_sees_it(tiny_data: OutfitData) -> None:
    other = tiny_data.with_vocabulary(
        ModelVocabulary(
            users=Vocabulary(["user3"]),
            items=Vocabulary(["item7", "item2"]),
            categories=Vocabulary(["top"]),
        )
    )
    plain = numpy_batches(tiny_data.batches("train", 50))
    for batch, was in zip(
        numpy_batches(other.batches("train", 50)), plain, strict=True
    ):
        assert set(batch["user"]) == {0, 1}
        # The draws stay what they were.
        np.testing.assert_array_equal(
            batch["items"]["row"], was["items"]["row"]
        )
        np.testing.assert_array_equal(batch["outfits"], was["outfits"])
        index = {"item7": 1, "item2": 2}
        names = other.items.take(batch["items"]["row"])
        assert batch["items"]["id"].tolist() == [
            index.get(name, 0) for name in names
        ]
        assert set(batch["items"]["category"]) == {0, 1}


def test_views_are_of_the_liked_outfit(tiny_data: OutfitData) -> None:
    ds = tiny_data.batches("train", 16, views=two_views(tiny_data))
    changed = 0
    for batch in numpy_batches(ds):
        liked = catalogue_rows(batch)[:, 0]
        erased, replaced = np.moveaxis(catalogue_rows(batch, "views"), 1, 0)
        several = np.sum(liked >= 0, axis=1) > 1
        assert np.array_equal(np.sum(erased != liked, axis=1), several)
        assert np.all(erased[erased != liked] == -1)
        assert np.all(np.sum(replaced != liked, axis=1) <= 1)
        slots = replaced != liked
        category = tiny_data.item_category
        assert category is not None
        np.testing.assert_array_equal(
            category[replaced[slots]], category[liked[slots]]
        )
        changed += slots.sum()
    assert changed > 50


def test_two_views_of_one_kind_differ(tiny_data: OutfitData) -> None:
    ds = tiny_data.batches("train", 100, views=(EraseItem(), EraseItem()))
    batch = numpy_batches(ds.take(1))[0]
    assert np.any(batch["views"][:, 0] != batch["views"][:, 1])


def test_views_do_not_change_the_candidates(tiny_data: OutfitData) -> None:
    without = numpy_batches(tiny_data.batches("train", 16))
    views = two_views(tiny_data)
    for batch, was in zip(
        numpy_batches(tiny_data.batches("train", 16, views=views)),
        without,
        strict=True,
    ):
        np.testing.assert_array_equal(
            catalogue_rows(batch), catalogue_rows(was)
        )


@pytest.mark.parametrize(
    "sampling", ["recombined", {"catalogue": 0.5, "hard": 0.5}], ids=str
)
def test_seed_reproduces_all_passes(
    sampling: Any, tiny_data: OutfitData
) -> None:
    def passes(seed: int) -> list[list[Batch]]:
        ds = tiny_data.batches(
            "train",
            16,
            negative_sampling=sampling,
            # Layers without a seed: their draws come from the data set.
            views=two_views(tiny_data),
            seed=seed,
        )
        return [numpy_batches(ds) for _ in range(2)]

    first = passes(3)
    assert_equal(first, passes(3))
    assert differ(first[0], first[1])
    assert differ(first[0], passes(4)[0])


def test_passes_are_shuffled_anew(tiny_data: OutfitData) -> None:
    ds = tiny_data.batches("train", 1000, negatives=0)
    orders = [
        [tuple(row) for row in catalogue_rows(batch)[:, 0]]
        for _ in range(3)
        for batch in numpy_batches(ds)
    ]
    assert len({tuple(order) for order in orders}) == 3
    assert len({tuple(sorted(order)) for order in orders}) == 1


def test_repeat_makes_new_passes(tiny_data: OutfitData) -> None:
    ds = tiny_data.batches("train", 16)
    passes = [numpy_batches(ds), numpy_batches(ds)]
    repeated = numpy_batches(tiny_data.batches("train", 16).repeat(2))
    assert_equal(repeated, passes[0] + passes[1])


@pytest.mark.parametrize("split", ["train", "valid"])
def test_without_shuffle_passes_are_the_same(
    split: str, tiny_data: OutfitData
) -> None:
    views = two_views(tiny_data)
    # The default for other splits than train.
    shuffle = False if split == "train" else None
    ds = tiny_data.batches(split, 5, views=views, shuffle=shuffle)
    first = numpy_batches(ds)
    assert_equal(numpy_batches(ds), first)
    other = tiny_data.batches(split, 5, views=views, shuffle=shuffle, seed=1)
    assert differ(numpy_batches(other), first)


def test_valid_can_be_shuffled(tiny_data: OutfitData) -> None:
    ds = tiny_data.batches("valid", 5, shuffle=True)
    assert differ(numpy_batches(ds), numpy_batches(ds))


def test_order_and_negatives_have_generators_of_their_own(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []
    make_rng = np.random.default_rng

    def spy(seed: Any) -> np.random.Generator:
        rng = make_rng(seed)
        states.append(str(rng.bit_generator.state))
        return rng

    monkeypatch.setattr(np.random, "default_rng", spy)
    ds = tiny_data.batches("train", 16)
    steps = len(numpy_batches(ds)) + len(numpy_batches(ds))
    assert len(states) == len(set(states)) == steps + 2


def test_no_negatives(tiny_data: OutfitData) -> None:
    batch = numpy_batches(tiny_data.batches("train", 8, negatives=0))[0]
    assert batch["outfits"].shape == (8, 1, 4)


def test_bad_arguments(tiny_data: OutfitData) -> None:
    def check(message: str, **kwargs: Any) -> None:
        with pytest.raises(ValueError, match=message):
            tiny_data.batches(**{"split": "train", **kwargs})

    check("`batch_size` .* positive integer.*batch_size=0", batch_size=0)
    check("`negatives` .* non-negative integer.*negatives=-1", negatives=-1)
    check("`views` should be two layers.*1 of them", views=(EraseItem(),))
    check("`seed` .* non-negative integer.*seed=-1", seed=-1)
    check("`negative_sampling` should be one of", negative_sampling="all")
    with pytest.raises(DataError, match=r"`split` .*split='dev'"):
        tiny_data.batches("dev")


def test_distinct_items_by_hand() -> None:
    batch = distinct_items(
        {
            "outfits": tf.constant([[[9, 4, -1]], [[4, -1, -1]]]),
            "views": tf.constant([[[9, -1, -1], [9, 7, -1]]] * 2),
        }
    )
    assert batch["items"]["row"].numpy().tolist() == [4, 7, 9]
    assert batch["outfits"].numpy().tolist() == [[[2, 0, -1]], [[0, -1, -1]]]
    assert batch["views"].numpy().tolist() == [[[2, -1, -1], [2, 1, -1]]] * 2


def test_content_of_some_keys(tiny_data: OutfitData) -> None:
    rows = np.array([3, 0, 3], "int32")
    found = tiny_data.content(rows, keys=["id", "category", "image"])
    assert set(found) == {"id", "category"}
    np.testing.assert_array_equal(found["id"], tiny_data.item_index[rows])
    assert found["category"].tolist() == [4, 1, 4]
    assert set(tiny_data.content(rows)) == {"row", "id", "category", "feature"}
    assert len(tiny_data.content(rows[:0])["feature"]) == 0
