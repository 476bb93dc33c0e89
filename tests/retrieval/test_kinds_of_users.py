"""Users by what they liked, and of several anchors, in each way to find."""

import numpy as np
import pytest
from tiny_models import tiny_teacher

from fndrec import OutfitCompleter, explain, recommend
from fndrec.data import OutfitData
from fndrec.layers import UserAnchors
from fndrec.models import FNDTeacher

USER = "user3"


@pytest.fixture(scope="module", params=["history", "anchors"])
def model(request: pytest.FixtureRequest, tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data, users=request.param)


def scores(
    model: FNDTeacher, data: OutfitData, outfits: np.ndarray
) -> np.ndarray:
    """Scores of the user for rows of outfits, as `score_sets` has them."""
    model, data = model.seeing(data)
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


def test_recommend(model: FNDTeacher, tiny_data: OutfitData) -> None:
    if isinstance(model.user_embedding, UserAnchors):
        with pytest.raises(ValueError, match=r"one vector.*UserAnchors"):
            recommend(model, tiny_data, [USER])
        return
    found = recommend(model, tiny_data, [USER], k=5)[0]
    rows = tiny_data.outfits.rows([row.outfit_id for row in found])
    np.testing.assert_allclose(
        [row.score for row in found],
        scores(model, tiny_data, rows),
        rtol=1e-5,
        atol=1e-5,
    )
