import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fndrec.data import similar_items
from fndrec.data.views import similar


def check(table: np.ndarray, categories: np.ndarray, k: int) -> None:
    assert table.dtype == np.int32
    assert table.shape == (len(categories), k)
    for item, row in enumerate(table):
        found = row[row >= 0]
        assert item not in found
        assert np.all(categories[found] == categories[item])
        assert len(set(found)) == len(found)
        # As many as there are; padding at the end.
        others = np.sum(categories == categories[item]) - 1
        assert np.sum(row >= 0) == min(k, others)
        assert np.all(row[len(found) :] == -1)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([0, 1, 5]), min_size=1, max_size=12),
    st.integers(1, 15),
    st.booleans(),
    st.integers(0, 5),
)
def test_others_of_the_category(
    categories: list[int], k: int, with_vectors: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(len(categories), 3)) if with_vectors else None
    array = np.array(categories, "int32")
    check(similar_items(array, k, vectors, seed), array, k)


def test_nearest_by_cosine() -> None:
    categories = np.array([0, 0, 1, 0, 0, 1])
    angles = np.deg2rad([0, 40, 1, 100, 10, 90])
    # Cosine does not look at the lengths.
    lengths = np.array([1, 9, 1, 0.1, 3, 2])[:, None]
    vectors = lengths * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    table = similar_items(categories, k=2, vectors=vectors)
    assert table.tolist() == [[4, 1], [4, 0], [5, -1], [1, 4], [0, 1], [2, -1]]


def test_nearest_equals_a_plain_search() -> None:
    rng = np.random.default_rng(0)
    categories = rng.integers(0, 4, 60)
    vectors = rng.normal(size=(60, 5)).astype("float32")
    table = similar_items(categories, k=4, vectors=vectors)
    check(table, categories, 4)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for item in range(60):
        others = np.flatnonzero(categories == categories[item])
        others = others[others != item]
        nearest = np.argsort(-(unit[others] @ unit[item]))[:4]
        assert table[item].tolist() == others[nearest].tolist()


def test_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(9, 3))
    whole = similar_items(np.zeros(9, int), k=3, vectors=vectors)
    # Two items at a time.
    monkeypatch.setattr(similar, "BLOCK", 18)
    blocks = similar_items(np.zeros(9, int), k=3, vectors=vectors)
    np.testing.assert_array_equal(blocks, whole)


def test_vectors_of_zeros_are_no_nan() -> None:
    table = similar_items(np.zeros(3, int), k=2, vectors=np.zeros((3, 4)))
    check(table, np.zeros(3, int), 2)


def test_random_others_are_uniform_and_seeded() -> None:
    categories = np.zeros(6, int)
    tables = [similar_items(categories, k=2, seed=seed) for seed in range(600)]
    np.testing.assert_array_equal(
        tables[3], similar_items(categories, 2, seed=3)
    )
    counts = np.zeros((6, 6))
    for table in tables:
        np.add.at(counts, (np.arange(6)[:, None], table), 1)
    # Each of five others in 2 of 5 tables.
    others = counts[~np.eye(6, dtype=bool)] / 600
    assert np.all(np.abs(others - 0.4) < 0.1)


def test_bad_arguments() -> None:
    with pytest.raises(
        ValueError, match=r"`k` should be a positive integer. Received: k=0"
    ):
        similar_items(np.zeros(3, int), k=0)
    with pytest.raises(
        ValueError,
        match=r"`vectors` should have one row an item. "
        r"Received: 2 rows, 3 items",
    ):
        similar_items(np.zeros(3, int), vectors=np.zeros((2, 4)))
