"""Users by what they liked, and of several anchors, in each way to find."""

from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_teacher

from fndrec import (
    OutfitCompleter,
    OutfitFilter,
    OutfitIndex,
    explain,
    recommend,
)
from fndrec.data import OutfitData
from fndrec.layers import OutfitScore
from fndrec.models import FNDTeacher, align
from fndrec.retrieval.index.anchors import search_anchors
from fndrec.retrieval.recommend import liked_outfits

USER = "user3"


@pytest.fixture(scope="module", params=["history", "anchors"])
def model(request: pytest.FixtureRequest, tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data, users=request.param)


def scores(
    model: FNDTeacher, data: OutfitData, outfits: np.ndarray
) -> np.ndarray:
    """Scores of the user for rows of outfits, as `score_sets` has them."""
    model, data = align(model, data)
    row = data.vocabulary.users.rows([USER]) + 1
    return model.score_sets(data, row, data.outfit_items[outfits][None])[0]


def test_explain(model: FNDTeacher, tiny_data: OutfitData) -> None:
    found = explain(model, tiny_data, USER, ["outfit1", "outfit2"])
    rows = tiny_data.outfits.rows(["outfit1", "outfit2"])
    np.testing.assert_allclose(
        [why.score for why in found],
        scores(model, tiny_data, rows),
        rtol=1e-5,
        atol=1e-5,
    )


def test_complete(model: FNDTeacher, tiny_data: OutfitData) -> None:
    whole = int(tiny_data.outfits.rows(["outfit1"])[0])
    *rest, last = tiny_data.outfit_item_ids(whole)
    completer = OutfitCompleter(model, tiny_data)
    found = completer.complete([USER], [rest], k=tiny_data.num_items)[0]
    score = {item.item_id: item.score for item in found}
    np.testing.assert_allclose(
        score[last],
        scores(model, tiny_data, np.array([whole]))[0],
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("k", [1, 5, 17, 1000])
def test_recommend(model: FNDTeacher, tiny_data: OutfitData, k: int) -> None:
    found = recommend(model, tiny_data, [USER], k, exclude_liked=False)[0]
    every = scores(model, tiny_data, np.arange(tiny_data.num_outfits))
    rows = tiny_data.outfits.rows([row.outfit_id for row in found])
    assert len(set(rows)) == min(k, tiny_data.num_outfits)
    near: Any = {"rtol": 1e-5, "atol": 1e-5}
    got = np.array([row.score for row in found])
    np.testing.assert_allclose(got, every[rows], **near)
    np.testing.assert_allclose(got, np.sort(every)[::-1][:k], **near)
    assert all(row.known for row in found)


def test_recommend_leaves_out_and_filters(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    liked = set(liked_outfits(tiny_data, [USER])[0])
    assert liked
    every = recommend(model, tiny_data, [USER, "nobody"], k=1000)
    assert not liked & {row.outfit_id for row in every[0]}
    assert len(every[0]) == tiny_data.num_outfits - len(liked)
    assert not any(row.known for row in every[1])
    item = every[0][-1].item_ids[0]
    where = OutfitFilter([item])
    some = recommend(model, tiny_data, [USER], k=1000, where=where)[0]
    expected = [row for row in every[0] if item in row.item_ids]
    assert [row.outfit_id for row in some] == [
        row.outfit_id for row in expected
    ]


def test_recommend_from_an_approximate_index(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    pytest.importorskip("faiss")
    # Of users who have no row, an index is made without them.
    assert len(OutfitIndex.from_model(model, tiny_data, approximate=True))
    ready, data = align(model, tiny_data)
    index = OutfitIndex.from_model(ready, data, approximate=True, recall=1.0)
    found = recommend(ready, data, [USER], k=5, index=index)
    exact = recommend(ready, data, [USER], k=5)
    assert [row.outfit_id for row in found[0]] == [
        row.outfit_id for row in exact[0]
    ]


@pytest.mark.parametrize("anchors", ["attention", "max"])
def test_anchors_that_disagree_are_searched_for_as_long_as_it_takes(
    anchors: str,
) -> None:
    # Opposite anchors: the mean of their cosines is 0 whatever is nearest to
    # one of them, and best are outfits that lie between.
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = OutfitIndex(vectors, [f"o{i}" for i in range(500)])
    users = rng.normal(size=(3, 2, 8)).astype(np.float32)
    users[:, 1] = -users[:, 0] + 0.3 * users[:, 1]
    users /= np.linalg.norm(users, axis=-1, keepdims=True)
    score = OutfitScore(anchors=anchors, temperature=10.0)
    found = search_anchors(index, score, users, 7, None, None)
    every = np.asarray(score.cosine(users, vectors))
    for matches, cosines in zip(found, every, strict=True):
        best = np.argsort(-cosines)[:7]
        assert [match.outfit_id for match in matches] == [f"o{i}" for i in best]
        np.testing.assert_allclose(
            [match.cosine for match in matches], cosines[best], atol=1e-6
        )
