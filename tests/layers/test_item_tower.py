from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from layer_checks import check_layer

from fndrec.layers import FeatureTower, IdEmbedding, ImageTower, ItemTower


def towers() -> dict[str, Any]:
    return {
        "dim": 8,
        "image": ImageTower(8, 16, width=0.05, seed=0),
        "feature": FeatureTower(6, 8, seed=1),
        "category": IdEmbedding(4, 8, seed=2),
        "id": IdEmbedding(9, 8, seed=3),
    }


def items() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "image": rng.integers(0, 256, (3, 16, 16, 3)).astype("uint8"),
        "feature": rng.normal(size=(3, 6)).astype("float32"),
        "category": np.array([1, 0, 4], "int32"),
        "id": np.array([9, 2, 0], "int32"),
    }


def test_life(tmp_path: Path) -> None:
    check_layer(ItemTower, towers, {"items": items()}, (3, 8), tmp_path)


def test_life_with_one_tower(tmp_path: Path) -> None:
    check_layer(
        ItemTower,
        lambda: {"dim": 8, "category": IdEmbedding(4, 8, seed=2)},
        {"items": {"category": items()["category"]}},
        (3, 8),
        tmp_path,
    )


def test_sum_of_the_parts() -> None:
    tower = ItemTower(**towers())
    found = tower(items())
    total = sum(part(items()[key]) for key, part in tower.towers.items())
    np.testing.assert_allclose(found, total, rtol=1e-5, atol=1e-6)


def test_order_of_keys_and_more_of_them_change_nothing() -> None:
    tower = ItemTower(**towers())
    expected = tower(items())
    turned = dict(reversed(items().items()))
    np.testing.assert_array_equal(tower(turned), expected)
    more = {"row": np.arange(3, dtype="int32"), **items()}
    np.testing.assert_array_equal(tower(more), expected)


def test_training_reaches_the_parts() -> None:
    tower = ItemTower(8, id=IdEmbedding(9, 8, unknown_rate=0.9, seed=0))
    ids = {"id": np.arange(10)}
    assert np.any(tower(ids, training=True) != tower(ids))


def test_any_layer_may_be_a_tower() -> None:
    tower = ItemTower(8, feature=keras.layers.Dense(8))
    features = {"feature": items()["feature"]}
    np.testing.assert_array_equal(
        tower(features, training=True),
        tower.towers["feature"](features["feature"]),
    )


@pytest.mark.parametrize("built", [True, False])
def test_missing_key(built: bool) -> None:
    tower = ItemTower(**towers())
    if built:
        tower(items())
    some = items()
    del some["feature"]
    with pytest.raises(
        ValueError,
        match=r"`items` should have the keys \['category', 'feature', 'id', "
        r"'image'\].*Received: \['category', 'id', 'image'\]",
    ):
        tower(some)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="at least one of"):
        ItemTower(8)
    with pytest.raises(ValueError, match="`dim` should be a positive integer"):
        ItemTower(0, id=IdEmbedding(9, 8))
    with pytest.raises(
        ValueError,
        match=r"`id` should give vectors of width dim=4. "
        r"Received: a tower with dim=8",
    ):
        ItemTower(4, id=IdEmbedding(9, 8))
