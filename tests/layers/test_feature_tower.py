from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_checks import check_layer

from fndrec.layers import FeatureTower


def features(rows: int = 4) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, 6)).astype("float32")


def test_life(tmp_path: Path) -> None:
    check_layer(
        FeatureTower,
        {"num_features": 6, "dim": 8},
        {"features": features()},
        (4, 8),
        tmp_path,
    )


def test_hidden_of_dim_starts_with_unlike_kernels(tmp_path: Path) -> None:
    check_layer(
        FeatureTower,
        {"num_features": 6, "dim": 6, "hidden": 6, "dropout": 0.0},
        {"features": features()},
        (4, 6),
        tmp_path,
    )


def test_hidden_width() -> None:
    assert FeatureTower(num_features=6, dim=8).hidden == 16
    assert FeatureTower(num_features=6, dim=8, hidden=3).hidden == 3


def test_scale_of_the_features_does_not_matter() -> None:
    layer = FeatureTower(num_features=6, dim=8)
    found = layer(features() * 1000 + 500)
    np.testing.assert_allclose(found, layer(features()), atol=2e-2)


def test_dropout_in_training_only() -> None:
    layer = FeatureTower(num_features=6, dim=8, dropout=0.5, seed=0)
    x = features()
    np.testing.assert_array_equal(layer(x), layer(x, training=False))
    assert np.any(layer(x, training=True) != layer(x))


def test_empty_batch() -> None:
    assert tuple(FeatureTower(6, 8)(features(0)).shape) == (0, 8)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_features": 0}, "`num_features` should be a positive integer"),
        ({"dim": -1}, "`dim` should be a positive integer"),
        ({"hidden": 0}, "`hidden` should be a positive integer"),
        ({"dropout": 1}, r"`dropout` should be a float in \[0, 1\)"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FeatureTower(**{"num_features": 6, "dim": 8, **kwargs})
