"""How often outfits occur among the candidates of a batch."""

import numpy as np
import pyarrow as pa
import pytest

from fndrec.data import OutfitData, from_tables


def shop(likes: list[int], items: list[str]) -> OutfitData:
    """A shop whose outfits have so many likes, each of another user."""
    pairs = [
        (f"{o}:{i}", f"o{o}") for o, n in enumerate(likes) for i in range(n)
    ]
    names = sorted({name for joined in items for name in joined.split(";")})
    return from_tables(
        pa.table({"item_id": names}),
        pa.table(
            {
                "outfit_id": [f"o{o}" for o in range(len(items))],
                "item_ids": items,
            }
        ),
        {
            "train": pa.table(
                {
                    "user_id": [user for user, _ in pairs],
                    "outfit_id": [outfit for _, outfit in pairs],
                }
            )
        },
    )


def test_shares_of_likes() -> None:
    # The first and the third outfit have the same items.
    data = shop([4, 3, 2, 1], ["w;x", "x;y", "x;w", "z"])
    (batch,) = data.batches(
        "train", 10, negatives=0, sampling_probability=True, shuffle=False
    )
    probability = batch["sampling_probability"].numpy()
    assert probability.shape == batch["candidate_ids"].shape == (10, 1)
    expected = [0.6] * 4 + [0.3] * 3 + [0.6] * 2 + [0.1]
    np.testing.assert_allclose(probability[:, 0], expected, rtol=1e-6)
    ids = batch["candidate_ids"].numpy()[:, 0]
    same = np.array([0] * 4 + [1] * 3 + [0] * 2 + [2])
    np.testing.assert_array_equal(
        ids[:, None] == ids, same[:, None] == same[None]
    )


def test_it_is_how_often_candidates_are_drawn() -> None:
    likes = [1 + outfit % 8 for outfit in range(40)]
    data = shop(likes, [f"i{outfit}" for outfit in range(40)])
    batches = data.batches(
        "train",
        60,
        negatives=1,
        negative_sampling="hard",
        sampling_probability=True,
    )
    seen, probability = np.zeros(40), np.zeros(40)
    for _ in range(40):
        for batch in batches:
            ids = batch["candidate_ids"].numpy().ravel()
            seen += np.bincount(ids, minlength=40)
            probability[ids] = batch["sampling_probability"].numpy().ravel()
    assert probability.sum() == pytest.approx(1.0)
    # Half from the likes, half from the outfits alike.
    expected = (np.array(likes) / sum(likes) + 1 / 40) / 2
    np.testing.assert_allclose(
        np.sort(probability), np.sort(expected), rtol=1e-5
    )
    np.testing.assert_allclose(seen / seen.sum(), probability, rtol=0.15)


def test_other_negatives_have_no_known_probability(
    tiny_data: OutfitData,
) -> None:
    for kind in ("recombined", {"hard": 0.5, "catalogue": 0.5}):
        with pytest.raises(ValueError, match="of the kind 'hard'"):
            tiny_data.batches(
                "train",
                negatives=2,
                negative_sampling=kind,
                sampling_probability=True,
            )
    batch = next(
        iter(tiny_data.batches("train", negatives=0, sampling_probability=True))
    )
    assert batch["candidate_ids"].shape == (64, 1)
