from typing import Any

import numpy as np
import pytest

from fndrec import FNDTeacher, OutfitData
from fndrec.models import catalogue_encoder
from fndrec.models.outfit_graph import BLOCK

TOLERANCE: Any = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> Any:
    return FNDTeacher.from_data(tiny_data, dim=8, seed=0)


def drawn(items: int, outfits: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    sets = rng.integers(items, size=(outfits, 4), dtype=np.int32)
    sets[::3, -1] = -1
    return rng.normal(size=(items, 8)).astype(np.float32), sets


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("items", [50, 50_000])
@pytest.mark.parametrize("outfits", [1, 3, BLOCK // 2 + 1, BLOCK + 7])
def test_blocks_and_parts_change_nothing(
    model: Any, items: int, outfits: int, jit_compile: bool
) -> None:
    vectors, sets = drawn(items, outfits)
    found = model.embed_outfits(vectors, sets, jit_compile=jit_compile)
    expected = np.asarray(model.encode_outfits(vectors, sets))
    np.testing.assert_allclose(found, expected, **TOLERANCE)


@pytest.mark.parametrize(
    ("batch_size", "at_once", "jit_compile"),
    [
        (1, 1, False),
        (5, 20, False),
        (12, 1000, False),
        (1000, 20, False),
        (1000, 1000, False),
        (1000, 1000, True),
    ],
)
def test_scores_depend_on_no_batch_and_on_no_other_outfit(
    model: Any,
    batch_size: int,
    at_once: int,
    jit_compile: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue_encoder, "AT_ONCE", at_once)
    vectors, sets = drawn(50, 30)
    # Most outfits stand more than once, as users share them.
    sets = sets[np.random.default_rng(1).integers(12, size=30)]
    users, outfits = np.arange(3), sets.reshape(3, 10, 4)
    found = model.score_outfits(
        users, vectors, outfits, batch_size, jit_compile
    )
    expected = model.score(
        model.encode_users(users), model.encode_outfits(vectors, outfits)
    )
    np.testing.assert_allclose(found, expected, **TOLERANCE)


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4)])
def test_no_outfits_have_no_scores(model: Any, shape: tuple[int, ...]) -> None:
    users = np.zeros(shape[0], np.int32)
    vectors, _ = drawn(5, 1)
    found = model.score_outfits(users, vectors, np.zeros(shape, np.int32))
    assert found.shape == shape[:2]
