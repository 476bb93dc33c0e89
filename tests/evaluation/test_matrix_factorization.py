import numpy as np
import pyarrow as pa
import pytest

from fndrec import evaluate
from fndrec.data import OutfitData, from_tables
from fndrec.evaluation import MatrixFactorization
from fndrec.evaluation.scorer import score_all


def clusters(shared: bool) -> OutfitData:
    """Two halves of users, each liking outfits of a half of the items."""
    rng = np.random.default_rng(0)
    likes: dict[str, list[tuple[str, str]]] = {"train": [], "valid": []}
    sets: list[list[str]] = []
    if shared:
        sets = [[f"{o % 2}-{o}", f"{o % 2}-{o + 2}"] for o in range(40)]
    for user in range(30):
        half = user % 2
        if shared:
            own = rng.permutation(np.arange(half, 40, 2))[:12]
        else:
            own = np.arange(len(sets), len(sets) + 12)
            for _ in own:
                pair = rng.permutation(20)[:2]
                sets.append([f"{half}-{item}" for item in pair])
        for place, outfit in enumerate(own):
            split = "valid" if place < 3 else "train"
            likes[split].append((f"u{user}", f"o{outfit}"))

    def table(pairs: list[tuple[str, str]]) -> pa.Table:
        users, outfits = zip(*pairs, strict=True)
        return pa.table({"user_id": users, "outfit_id": outfits})

    return from_tables(
        pa.table({"item_id": sorted({item for one in sets for item in one})}),
        pa.table(
            {"outfit_id": [f"o{o}" for o in range(len(sets))], "item_ids": sets}
        ),
        {split: table(pairs) for split, pairs in likes.items()},
    )


@pytest.fixture(scope="module", params=[True, False], ids=["shared", "own"])
def data(request: pytest.FixtureRequest) -> OutfitData:
    return clusters(request.param)


def test_learns_what_a_half_likes(data: OutfitData) -> None:
    factored = MatrixFactorization(data, factors=8, epochs=60)
    found = evaluate({factored.name: factored}, data, protocol="type-aware")
    if factored.of_outfits:
        # Recombined outfits are known to none: they tie at 0.
        found = evaluate({factored.name: factored}, data, protocol="hard")
    assert found.metrics["BPR-MF"]["auc"] > 0.65
    assert found.metrics["item popularity"]["auc"] < 0.6


def test_all_at_once_is_one_by_one(data: OutfitData) -> None:
    factored = MatrixFactorization(data, factors=4, epochs=2)
    users = np.array([0, 3, 3])

    class Slow:
        score = factored.score

    slow = score_all(Slow(), data, users)
    np.testing.assert_allclose(
        factored.score_all(users), slow, rtol=1e-4, atol=1e-6
    )
    assert np.ptp(slow) > 0


def test_a_seed_gives_it_again(data: OutfitData) -> None:
    first, again, other = (
        MatrixFactorization(data, factors=4, epochs=2, seed=seed).rows
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_the_library(
    data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"'\.\[mf\]'"):
        MatrixFactorization(data)


def padded(shared: bool) -> OutfitData:
    """Outfits of one to three items, those of a user or shared by all."""
    sets = ["b", "a;b", "b;c;d", "d"]
    likes = [(u, o) for u in range(4) for o in range(4) if shared or u == o]
    return from_tables(
        pa.table({"item_id": [*"abcd"]}),
        pa.table({"outfit_id": [f"o{o}" for o in range(4)], "item_ids": sets}),
        {
            "train": pa.table(
                {
                    "user_id": [f"u{u}" for u, _ in likes],
                    "outfit_id": [f"o{o}" for _, o in likes],
                }
            )
        },
    )


def test_empty_slots_do_not_count() -> None:
    data = padded(shared=False)
    factored = MatrixFactorization(data, factors=4, epochs=2)
    assert not factored.of_outfits
    users = np.arange(4)
    expected = [
        [
            np.mean(
                [factored.rows[u] @ factored.columns[i] for i in o if i >= 0]
            )
            for o in data.outfit_items
        ]
        for u in users
    ]
    np.testing.assert_allclose(factored.score_all(users), expected, atol=1e-5)
    every = np.repeat(data.outfit_items[None], 4, axis=0)
    np.testing.assert_allclose(
        factored.score(users, every), expected, atol=1e-5
    )


def test_outfits_that_nobody_has_score_0() -> None:
    data = padded(shared=True)
    factored = MatrixFactorization(data, factors=4, epochs=2)
    assert factored.of_outfits
    new = np.array([[[0, -1, -1], [2, -1, -1], [2, 3, -1], [0, 1, 3]]])
    assert not factored.score(np.array([1]), new).any()
    # Larger than any outfit that is known.
    every = np.array([[[0, 1, 2, 3]]])
    assert not factored.score(np.array([1]), every).any()
    known = factored.score(np.array([1]), data.outfit_items[None])
    np.testing.assert_allclose(
        known[0], factored.columns @ factored.rows[1], atol=1e-6
    )
