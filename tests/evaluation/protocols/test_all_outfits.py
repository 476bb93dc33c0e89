"""Ranking all outfits, against another implementation."""

import dataclasses
import itertools

import ir_measures
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_teacher

from fndrec import DataError, evaluate
from fndrec.data import OutfitData, from_tables
from fndrec.evaluation import AllOutfits
from fndrec.evaluation.protocols.all_outfits import AllOutfitsRanking

OUTFITS = 9
USERS = 5


def made(rng: np.random.Generator) -> OutfitData:
    """Users of random likes; some have none in valid, or but those of train."""
    liked = rng.random((2, USERS, OUTFITS)) < 0.3
    liked[0, :, 0] = True
    liked[1, 0, 1:3] = True
    liked[0, 0, 1:3] = False

    def table(of: np.ndarray) -> pa.Table:
        user, outfit = np.nonzero(of)
        return pa.table(
            {
                "user_id": [f"u{u}" for u in user],
                "outfit_id": [f"o{o}" for o in outfit],
            }
        )

    return from_tables(
        pa.table({"item_id": [f"i{i}" for i in range(OUTFITS + 1)]}),
        pa.table(
            {
                "outfit_id": [f"o{o}" for o in range(OUTFITS)],
                "item_ids": [[f"i{o}", f"i{o + 1}"] for o in range(OUTFITS)],
            }
        ),
        {"train": table(liked[0]), "valid": table(liked[1])},
    )


def test_a_sample_has_whole_users() -> None:
    data = made(np.random.default_rng(2))
    whole = AllOutfits((3,)).prepare(data, "valid", 0)
    users, count = np.unique(whole.pairs // OUTFITS, return_counts=True)
    assert whole.sample(whole.likes, 0) is whole
    assert whole.sample(1, 0).likes in count
    seen = set()
    for seed in range(5):
        part = whole.sample(int(count.max()) + 1, seed)
        kept = np.unique(part.pairs // OUTFITS)
        assert 0 < part.likes <= count.max() + 1
        assert part.likes == count[np.isin(users, kept)].sum()
        np.testing.assert_array_equal(part.known, whole.known)
        seen.add(tuple(kept))
    assert len(seen) > 1


class Given:
    """Scores that are given, `(users, outfits)`."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores = scores

    def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        # An outfit is known by the least of its items.
        return self.scores[users[:, None], outfits.min(axis=-1)]


def by_user(data: OutfitData, split: str) -> dict[int, set[int]]:
    likes = data.likes(split)
    found: dict[int, set[int]] = {}
    for user, outfit in zip(likes.user, likes.outfit, strict=True):
        found.setdefault(int(user), set()).add(int(outfit))
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_recall_and_ndcg_are_those_of_trec(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = made(rng)
    scores = rng.permuted(np.arange(USERS * OUTFITS)).reshape(USERS, OUTFITS)
    scores = scores.astype(float)
    found = evaluate(
        {"given": Given(scores)},
        data,
        protocol=AllOutfits((2, 4)),
        baselines=False,
    ).metrics["given"]
    known, valid = by_user(data, "train"), by_user(data, "valid")
    liked = {u: valid[u] - known.get(u, set()) for u in valid}
    qrels = {
        str(u): {str(o): 1 for o in outfits}
        for u, outfits in liked.items()
        if outfits
    }
    run = {
        u: {
            str(o): scores[int(u), o]
            for o in range(OUTFITS)
            if o not in known.get(int(u), set())
        }
        for u in qrels
    }
    measures = {
        f"{name}@{k}": make @ k
        for k in (2, 4)
        for name, make in (
            ("recall", ir_measures.R),
            ("ndcg", ir_measures.nDCG),
        )
    }
    expected = ir_measures.calc_aggregate(measures.values(), qrels, run)
    assert found == pytest.approx(
        {name: expected[measure] for name, measure in measures.items()}
    )


def test_ties_are_the_mean_over_their_orders() -> None:
    rng = np.random.default_rng(3)
    data = made(rng)
    scores = rng.integers(3, size=(USERS, OUTFITS)).astype(float)
    protocol = AllOutfits((3,))
    ranking = protocol.prepare(data, "valid", 0)
    found = ranking.measure(Given(scores))
    known, valid = by_user(data, "train"), by_user(data, "valid")
    users = [u for u in sorted(valid) if valid[u] - known.get(u, set())]
    for place, user in enumerate(users):
        liked = valid[user] - known.get(user, set())
        rest = [o for o in range(OUTFITS) if o not in known.get(user, set())]
        recalls, ndcgs = [], []
        for order in itertools.permutations(rest):
            if (np.diff(scores[user, list(order)]) > 0).any():
                continue
            gain = np.array([o in liked for o in order[:3]], float)
            discount = 1 / np.log2(np.arange(2, 5))
            recalls.append(gain.sum() / len(liked))
            ideal = discount[: min(3, len(liked))].sum()
            ndcgs.append((gain * discount[: len(gain)]).sum() / ideal)
        assert found["recall@3"].total[place] == pytest.approx(np.mean(recalls))
        assert found["ndcg@3"].total[place] == pytest.approx(np.mean(ndcgs))


@pytest.mark.parametrize("limit", [1, 20, 10_000])
def test_in_parts(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many scores are held at once."""
    rng = np.random.default_rng(5)
    data = made(rng)
    scorer = Given(rng.integers(4, size=(USERS, OUTFITS)).astype(float))
    whole = AllOutfits().prepare(data, "valid", 0).measure(scorer)
    module = "fndrec.evaluation.protocols.all_outfits"
    monkeypatch.setattr(f"{module}.SCORES", limit)
    monkeypatch.setattr(f"{module}.COMPARED", limit)
    parts = AllOutfits().prepare(data, "valid", 0).measure(scorer)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name].total, values.total)


def test_a_model_ranks_as_it_scores(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data, use_id=True)
    data = tiny_data
    every = np.arange(data.num_users)
    sets = np.broadcast_to(
        data.outfit_items, (len(every), *data.outfit_items.shape)
    )
    scores = model.score_sets(data, data.user_index[every], sets)

    class Slow:
        def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
            return scores[users]

    found = evaluate(
        {"model": model, "slow": Slow()}, data, protocol="all outfits"
    )
    assert found.metrics["model"] == pytest.approx(found.metrics["slow"])
    assert found.against == "among all 60 outfits"
    assert list(found.metrics) == [
        "model",
        "slow",
        "item popularity",
        "category frequency",
    ]


@pytest.mark.parametrize("split", ["test", "valid"])
def test_likes_of_train_are_taken_out_of_every_split(split: str) -> None:
    data = made(np.random.default_rng(3))
    splits = {"train": data.likes("train"), split: data.likes("valid")}
    data = dataclasses.replace(data, splits=splits)
    ranking = AllOutfits((3,)).prepare(data, split, 0)
    train = data.likes("train")
    known = set((train.user * OUTFITS + train.outfit).tolist())
    assert set(ranking.known.tolist()) == known
    assert not known & set(ranking.pairs.tolist())


def test_nothing_that_train_does_not_hold(tiny_data: OutfitData) -> None:
    likes = tiny_data.likes("train")
    same = OutfitData(
        **{
            **{
                f: getattr(tiny_data, f) for f in tiny_data.__dataclass_fields__
            },
            "splits": {"train": likes, "valid": likes},
        }
    )
    with pytest.raises(DataError, match="split='valid' with 100 likes"):
        AllOutfits().prepare(same, "valid", 0)
    ranking = AllOutfits().prepare(same, "train", 0)
    assert isinstance(ranking, AllOutfitsRanking)
    assert ranking.likes == len(likes)


def test_bad_scores(tiny_data: OutfitData) -> None:
    class Broken:
        def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
            return np.full(outfits.shape[:2], np.nan)

    with pytest.raises(ValueError, match="user row 0"):
        evaluate(Broken(), tiny_data, protocol="all outfits")


@pytest.mark.parametrize("cutoffs", [(), (0, 3)])
def test_arguments(cutoffs: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="`cutoffs` should be"):
        AllOutfits(cutoffs)
