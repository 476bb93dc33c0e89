from pathlib import Path

import numpy as np
from layer_checks import check_layer

from fndrec.layers import CodePool, MeanPool

ITEMS = np.array([[2.0, 0.0], [0.0, -4.0], [1.0, 1.0]], "float32")
OUTFITS = np.array([[0, 1, -1], [1, -1, -1], [2, 1, 0]], "int32")


def test_life(tmp_path: Path) -> None:
    check_layer(
        MeanPool,
        {"dim": 2},
        {"items": ITEMS, "outfits": OUTFITS},
        (3, 2),
        tmp_path,
    )


def test_life_of_codes(tmp_path: Path) -> None:
    layer = check_layer(
        CodePool,
        {"dim": 2},
        {"items": ITEMS, "outfits": OUTFITS},
        (3, 2),
        tmp_path,
    )
    assert [weight.shape for weight in layer.weights] == [(2,)]


def test_by_hand() -> None:
    found = MeanPool(2)(ITEMS, OUTFITS)
    np.testing.assert_allclose(found, [[1, -2], [0, -4], [1, -1]], atol=1e-6)


def test_codes_by_hand() -> None:
    layer = CodePool(2)
    layer.build()
    layer.set_weights([np.array([1.0, 3.0])])
    # The codes: 1 1, 1 -1 (0 counts as 1), 1 1.
    found = layer(ITEMS, OUTFITS)
    np.testing.assert_allclose(found, [[1, 0], [1, -3], [1, 1]], atol=1e-6)
