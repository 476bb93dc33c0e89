"""Protocols by name, their draws, and cold ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_teacher

from fndrec import (
    DataError,
    evaluate,
    evaluate_cold_items,
    evaluate_cold_users,
    hold_out_users,
)
from fndrec.data import FixedCandidates, OutfitData
from fndrec.evaluation import (
    PROTOCOLS,
    Candidates,
    ColdUsers,
    FixedProtocol,
    SampledNegatives,
)
from fndrec.models import FNDTeacher

GOLDEN = Path(__file__).with_name("golden_candidates.json")


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data, use_id=True)


@pytest.mark.parametrize("kind", ["catalogue", "hard"])
def test_candidates_are_those_of_earlier_versions(
    kind: str, tiny_data: OutfitData
) -> None:
    """Else numbers of one version could not be compared with another's."""
    found = Candidates.from_data(tiny_data, "valid", 3, kind, seed=1)
    golden = json.loads(GOLDEN.read_text())[kind]
    assert found.outfits.tolist() == golden["outfits"]
    assert found.blanks.tolist() == golden["blanks"]


def test_the_likes_that_cold_users_give() -> None:
    assert PROTOCOLS["cold users"].likes == (0, 1, 5)  # type: ignore[attr-defined]


def test_names_and_sources() -> None:
    assert list(PROTOCOLS) == [
        "type-aware",
        "hard",
        "all outfits",
        "cold users",
        "cold items",
    ]
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name
        assert protocol.source


def test_unknown_name(model: FNDTeacher, tiny_data: OutfitData) -> None:
    with pytest.raises(ValueError, match="protocol='easy'"):
        evaluate(model, tiny_data, protocol="easy")


@pytest.mark.parametrize(
    ("name", "sampling"), [("type-aware", "catalogue"), ("hard", "hard")]
)
def test_by_name_is_by_kind(
    name: str, sampling: str, model: FNDTeacher, tiny_data: OutfitData
) -> None:
    named = evaluate(model, tiny_data, protocol=name)
    made = evaluate(model, tiny_data, protocol=SampledNegatives(10, sampling))
    assert named.metrics == made.metrics
    assert named.against == f"each against 10 negatives ({sampling})"
    assert "Lu et al. 2019" in named.source


@pytest.mark.parametrize("choices", [2, 7])
def test_choices(choices: int, tiny_data: OutfitData) -> None:
    ranking = SampledNegatives(choices=choices).prepare(tiny_data, "valid", 0)
    assert ranking.candidates.blanks.shape[1] == choices

    class Constant:
        def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
            return np.zeros(outfits.shape[:2])

    found = ranking.measure(Constant())
    assert found["fitb"].mean == pytest.approx(1 / choices)
    assert found["hit@1"].mean == pytest.approx(1 / 11)
    assert found["auc"].mean == 0.5


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"negatives": 0}, "`negatives` should be a positive integer"),
        ({"choices": 1}, "`choices` should be an integer of at least 2"),
    ],
)
def test_arguments(made: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SampledNegatives(**made)


def test_fixed_candidates(model: FNDTeacher, tiny_data: OutfitData) -> None:
    """As if they were drawn."""
    drawn = Candidates.from_data(tiny_data, "valid", 4, seed=9)
    same = evaluate(model, tiny_data, protocol=SampledNegatives(4), seed=9)
    expected = same.metrics["model"]
    negatives = FixedCandidates("negatives", drawn.user, drawn.outfits, "a.txt")
    found = evaluate(model, tiny_data, protocol=FixedProtocol(negatives))
    blanks = FixedCandidates("blanks", drawn.user, drawn.blanks, "b.txt")
    filled = evaluate(model, tiny_data, protocol=FixedProtocol(blanks))
    assert found.metrics["model"] | filled.metrics["model"] == expected
    assert list(filled.metrics["item popularity"]) == ["fitb"]
    assert found.against == "each against 4 of a.txt"
    assert (found.protocol, found.source) == ("fixed negatives", "a.txt")
    assert list(found.columns) == ["auc", "ndcg", "mean_ndcg", "hit@1"]


def test_cold_users(tiny_data: OutfitData) -> None:
    warm, cold = hold_out_users(tiny_data, 3, seed=1)
    model = tiny_teacher(warm, use_id=True)
    found = evaluate(
        model, tiny_data, protocol=ColdUsers(likes=(1, None), users=cold)
    )
    expected = evaluate_cold_users(model, tiny_data, cold, (1, None))
    assert list(found.metrics["model"].values()) == pytest.approx(
        list(expected.auc.values())
    )
    assert list(found.columns.values()) == ["AUC, 1 like", "AUC, all likes"]
    # Those whom the model does not know, if none are named.
    every = evaluate(
        model, tiny_data, protocol=ColdUsers(likes=(1, None))
    ).metrics["model"]
    ranked = np.unique(tiny_data.likes("valid").user)
    assert model.vocabulary is not None
    new = [
        user
        for user in (tiny_data.users[row] for row in ranked)
        if user not in model.vocabulary.users
    ]
    assert set(cold) <= set(new)
    expected = evaluate_cold_users(model, tiny_data, new, (1, None))
    assert list(every.values()) == pytest.approx(list(expected.auc.values()))


def test_no_new_user(model: FNDTeacher, tiny_data: OutfitData) -> None:
    with pytest.raises(DataError, match="knows all 11 users of split='train'"):
        evaluate(model, tiny_data, "train", protocol="cold users")


def test_cold_items(model: FNDTeacher, tiny_data: OutfitData) -> None:
    found = evaluate(model, tiny_data, protocol="cold items", seed=2)
    expected = evaluate_cold_items(model, tiny_data, seed=2).auc
    assert found.metrics == {
        "model": pytest.approx(
            {f"auc, {kind}": auc for kind, auc in expected.items()}, nan_ok=True
        )
    }


@pytest.mark.parametrize("name", ["cold users", "cold items"])
def test_counts_have_no_model(name: str, tiny_data: OutfitData) -> None:
    class Constant:
        def score(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
            return np.zeros(outfits.shape[:2])

    with pytest.raises(ValueError, match=r"models alone\. Received: Constant"):
        evaluate(Constant(), tiny_data, protocol=name)
